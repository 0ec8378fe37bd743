/** The built command in a process of its own. */
export interface RouterProcess {
  readonly pid: number | undefined;
  /** Ports of 127.0.0.1, by the name of the transport. */
  readonly doors: { readonly websocket: number; readonly tcp: number; readonly udp: number };
  /** Undefined while it runs; then its exit code or the signal that ended it. */
  readonly end: string | undefined;
  /** The link to the page of its inspector, with `--inspect`. */
  readonly inspector: string | undefined;
  /** The first lines of its log that are errors, twenty at most. */
  readonly errors: readonly string[];
  /** The last twenty lines of its log. */
  readonly lastLines: readonly string[];
  /** Megabytes of memory it has in use; undefined where the system does not say. */
  rssMegabytes(): number | undefined;
  stop(): Promise<void>;
}

/**
 * Starts the built command with a WebSocket, a TCP and a UDP door on 127.0.0.1. It ends with this process.
 *
 * @param args more of its flags
 * @param node flags of Node, and environment variables
 * @throws Error when it is not built, or does not start
 */
export function startRouterProcess(
  args?: readonly string[],
  node?: { readonly nodeArgs?: readonly string[]; readonly env?: Readonly<Record<string, string>> },
): Promise<RouterProcess>;
