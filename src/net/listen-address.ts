/** Where a listener accepts connections. */
export interface ListenAddress {
  readonly transport: string;
  readonly host: string;
  /** The real one, also where 0 was asked for; 0 for a transport without ports. */
  readonly port: number;
  /** How a client writes it: `ws://0.0.0.0:7330`. */
  readonly url: string;
}
