/** A connection with an incomplete message. */
export interface UnfinishedConnection {
  /** Ends the connection immediately. `text` is for the log. */
  readonly onTooMuch: (text: string) => void;
}

/** Maximum bytes of incomplete JSON messages and fragments of all connections of a port. */
export const MAX_UNFINISHED_BYTES = 16_777_216;

/**
 * Bounds the memory of incomplete messages of all connections. A JSON message can have 262,144 bytes, and its sender
 * can take any time to finish it. Above the limit, the connection with the most bytes is closed. Complete binary frames
 * are not counted.
 */
export class UnfinishedMessages {
  readonly #maxBytes: number;
  readonly #bytes = new Map<UnfinishedConnection, number>();
  #total = 0;

  constructor(maxBytes = MAX_UNFINISHED_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Total bytes of incomplete messages. */
  get total(): number {
    return this.#total;
  }

  /**
   * Records the received bytes of a connection's incomplete message; 0 if it is complete, or the connection has ended.
   */
  set(connection: UnfinishedConnection, bytes: number): void {
    this.#total += bytes - (this.#bytes.get(connection) ?? 0);
    if (bytes === 0) this.#bytes.delete(connection);
    else this.#bytes.set(connection, bytes);
    while (this.#total > this.#maxBytes) this.#closeLargest();
  }

  #closeLargest(): void {
    let largest: UnfinishedConnection | undefined;
    let most = 0;
    for (const [connection, bytes] of this.#bytes) {
      if (bytes <= most) continue;
      most = bytes;
      largest = connection;
    }
    if (largest === undefined) return;
    this.set(largest, 0);
    largest.onTooMuch(
      `its unfinished message of ${most} bytes is the largest, and all together exceed ${this.#maxBytes} bytes`,
    );
  }
}
