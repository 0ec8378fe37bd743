/** A connection of which a part of a message has come. */
export interface UnfinishedConnection {
  /** Ends it at once; `text` is for the log. */
  readonly onTooMuch: (text: string) => void;
}

/** Bytes of unfinished JSON texts and fragments of all connections of a port. */
export const MAX_UNFINISHED_BYTES = 16_777_216;

/**
 * Bounds what unfinished messages of all connections take together: a JSON text may have 262,144 bytes, and its sender any time to
 * finish it. Above the limit the connection with most is closed. Whole binary frames are not counted.
 */
export class UnfinishedMessages {
  readonly #maxBytes: number;
  readonly #bytes = new Map<UnfinishedConnection, number>();
  #total = 0;

  constructor(maxBytes = MAX_UNFINISHED_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** What all have sent of messages that are not finished. */
  get total(): number {
    return this.#total;
  }

  /** What has come so far of the message of a connection; 0 if that is complete, or the connection has ended. */
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
      `its unfinished message has ${most} bytes, the most of all, and all together more than ${this.#maxBytes}`,
    );
  }
}
