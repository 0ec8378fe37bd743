import type { RouterSession } from '../session.js';
import type { MemoryUse } from '../system/statistics.js';

export interface SendBufferLimits {
  /** Bytes that the sockets of all sessions may hold together; 0 = unlimited. */
  readonly maxSendBufferBytes: number;
  /** Bytes that a socket may hold before its session is congested. */
  readonly highWaterBytes: number;
}

/** The high-water mark while sockets hold more than half of what they may. */
const LOW_WATER_BYTES = 65_536;
/** What may be written between two looks at all sockets, as a part of the limit. */
const LOOK_PART = 1 / 8;

/**
 * Bounds what the sockets of all sessions hold together. Above half of the limit the high-water mark is lower, so that what follows
 * waits in queues, where newer values replace older ones. Above the limit the session whose socket holds most is closed. What sockets
 * hold is summed up only after an eighth of the limit was written, so a write costs an addition.
 */
export class SendBuffers {
  readonly #limits: SendBufferLimits;
  readonly #lookAfterBytes: number;
  readonly #sessions = new Set<RouterSession>();
  #writtenBytes = 0;
  #bytes = 0;
  #highWaterBytes: number;
  #closed = 0;

  constructor(limits: SendBufferLimits) {
    this.#limits = limits;
    this.#lookAfterBytes = limits.maxSendBufferBytes > 0 ? limits.maxSendBufferBytes * LOOK_PART : Infinity;
    this.#highWaterBytes = limits.highWaterBytes;
  }

  /** Bytes that a socket may hold now before its session is congested. */
  get highWaterBytes(): number {
    return this.#highWaterBytes;
  }

  /** Sessions closed because all sockets held too much, and theirs most. */
  get closed(): number {
    return this.#closed;
  }

  /** What they hold, may hold, and how many sessions were closed for it. O(sessions). */
  use(): MemoryUse {
    return { usedBytes: this.sum(), limitBytes: this.#limits.maxSendBufferBytes, madeRoom: this.#closed };
  }

  /** What all sockets hold now. O(sessions). */
  sum(): number {
    let bytes = 0;
    for (const { link } of this.#sessions) bytes += link.bufferedBytes;
    return bytes;
  }

  opened(session: RouterSession): void {
    this.#sessions.add(session);
  }

  ended(session: RouterSession): void {
    this.#sessions.delete(session);
  }

  /** Something was written to a socket. */
  wrote(bytes: number): void {
    this.#writtenBytes += bytes;
    if (this.#writtenBytes >= this.#lookAfterBytes) this.#look();
  }

  #look(): void {
    const { maxSendBufferBytes, highWaterBytes } = this.#limits;
    this.#writtenBytes = 0;
    this.#bytes = this.sum();
    const isLow = this.#bytes > maxSendBufferBytes / 2;
    this.#highWaterBytes = isLow ? Math.min(LOW_WATER_BYTES, highWaterBytes) : highWaterBytes;
    while (this.#bytes > maxSendBufferBytes) {
      const worst = this.#worst();
      if (worst === undefined) return;
      const { bufferedBytes } = worst.link;
      this.#closed++;
      this.#sessions.delete(worst);
      this.#bytes -= bufferedBytes;
      // Cut off: an ERROR would wait behind all that it does not read, and the memory with it.
      worst.link.destroy(
        `too slow: its socket held ${bufferedBytes} bytes, the most of all, and all together more than ${maxSendBufferBytes} ` +
          '(maxSendBufferBytes)',
      );
    }
  }

  #worst(): RouterSession | undefined {
    let worst: RouterSession | undefined;
    for (const session of this.#sessions) {
      const { link } = session;
      if (link.isTrusted === true || link.bufferedBytes <= (worst?.link.bufferedBytes ?? 0)) continue;
      worst = session;
    }
    return worst;
  }
}
