import type { sendBufferOptions } from './congestion-options.js';
import type { OptionValues } from '../../util/option.js';
import { highWaterMark, mustCloseLargestSocket, socketOverflow } from './policy.js';
import type { RouterSession } from '../session.js';
import type { MemoryUse } from '../system/statistics.js';

export type SendBufferLimits = OptionValues<typeof sendBufferOptions>;

/** Bytes that can be written between two sums over all sockets, as a part of the limit. */
const LOOK_PART = 1 / 8;

/**
 * Bounds the socket buffers of all sessions together, as the policy decides. The sum is recomputed only after an eighth
 * of the limit was written, so a write costs an addition.
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

  /** Current bytes in a socket buffer above which its session is congested. */
  get highWaterBytes(): number {
    return this.#highWaterBytes;
  }

  /** Number of sessions closed because the total exceeded the limit and their buffer was the largest. */
  get closed(): number {
    return this.#closed;
  }

  /** Returns bytes in use, the limit, and the number of sessions closed. O(sessions). */
  use(): MemoryUse {
    return { usedBytes: this.sum(), limitBytes: this.#limits.maxSendBufferBytes, madeRoom: this.#closed };
  }

  /** Returns the bytes in all socket buffers. O(sessions). */
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

  /** Counts bytes written to a socket. */
  wrote(bytes: number): void {
    this.#writtenBytes += bytes;
    if (this.#writtenBytes >= this.#lookAfterBytes) this.#look();
  }

  #look(): void {
    this.#writtenBytes = 0;
    this.#bytes = this.sum();
    this.#highWaterBytes = highWaterMark(this.#bytes, this.#limits);
    while (mustCloseLargestSocket(this.#bytes, this.#limits)) {
      const worst = this.#worst();
      if (worst === undefined) return;
      const { bufferedBytes } = worst.link;
      this.#closed++;
      this.#sessions.delete(worst);
      this.#bytes -= bufferedBytes;
      worst.link.destroy(socketOverflow(bufferedBytes, this.#limits));
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
