/** Address on which a listener accepts connections. */
export interface ListenAddress {
  readonly transport: string;
  readonly host: string;
  /** The actual port, also if 0 was requested. 0 for a transport without ports. */
  readonly port: number;
  /** URL for clients: `ws://0.0.0.0:7330`. */
  readonly url: string;
}
