import { copyBytes } from '../../protocol/bytes/copy.js';
export interface BacklogLimits {
  readonly maxBytes: number;
  readonly maxMessages: number;
}

/**
 * What waits for a congested session, copied out of the slabs, in order of arrival. A param's newer value takes the
 * place of its older one at the end of the queue: the last value always arrives, and never before an event that was
 * published ahead of it. Everything else waits in full, up to the hard limits.
 */
export class Backlog {
  readonly #limits: BacklogLimits;
  /** By address for params, by a running number for the rest; a Map keeps the order. */
  readonly #entries = new Map<string | number, Uint8Array>();
  #sequence = 0;
  #bytes = 0;
  #conflated = 0;

  constructor(limits: BacklogLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get messages(): number {
    return this.#entries.size;
  }

  /** Params that were replaced by a newer value before they could be sent, since the router began. */
  get conflated(): number {
    return this.#conflated;
  }

  /**
   * Queues a copy of a message.
   *
   * @param param the address of a param, whose latest value is enough; undefined for what must be kept
   * @returns false when the queue is now over a limit: the session cannot be saved
   */
  push(bytes: Uint8Array, start: number, end: number, param: string | undefined): boolean {
    if (param !== undefined) {
      const older = this.#entries.get(param);
      if (older !== undefined) {
        this.#entries.delete(param);
        this.#bytes -= older.length;
        this.#conflated++;
      }
    }
    this.#entries.set(param ?? this.#sequence++, copyBytes(bytes, start, end));
    this.#bytes += end - start;
    return this.#bytes <= this.#limits.maxBytes && this.#entries.size <= this.#limits.maxMessages;
  }

  /** Takes whole messages from the front, at least one and then up to `maxBytes`, as one run of bytes. */
  take(maxBytes: number): Uint8Array {
    const taken: Uint8Array[] = [];
    let length = 0;
    for (const [key, bytes] of this.#entries) {
      if (taken.length > 0 && length + bytes.length > maxBytes) break;
      taken.push(bytes);
      length += bytes.length;
      this.#entries.delete(key);
    }
    this.#bytes -= length;
    const run = new Uint8Array(length);
    let at = 0;
    for (const bytes of taken) {
      run.set(bytes, at);
      at += bytes.length;
    }
    return run;
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
