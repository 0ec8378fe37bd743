import { DueQueue } from '../scheduling/due-queue.js';
import type { Param } from './param.js';

/** The params that expire, by time. At most one entry per param. */
export class ExpiryQueue {
  readonly #queue = new DueQueue<Param>();

  get size(): number {
    return this.#queue.size;
  }

  /** When the first entry is due; Infinity = never. */
  get dueMicros(): number {
    return this.#queue.dueMicros;
  }

  /** Restarts the TTL of a param. */
  renew(param: Param, nowMicros: number): void {
    param.expiresAtMicros = param.ttlMicros === 0 ? Infinity : nowMicros + param.ttlMicros;
    this.queue(param);
  }

  /** Queues a param. An entry is only moved to an earlier time, because a fader renews its TTL with each write. */
  queue(param: Param): void {
    const { expiry, expiresAtMicros } = param;
    if (expiry === undefined) {
      if (expiresAtMicros !== Infinity) param.expiry = this.#queue.push(param, expiresAtMicros);
    } else if (expiresAtMicros < expiry.dueMicros) {
      this.#queue.move(expiry, expiresAtMicros);
    }
  }

  /** Removes and returns the next due param. If its TTL was renewed, it expires later, and must be queued again. */
  popDue(nowMicros: number): Param | undefined {
    const param = this.#queue.popDue(nowMicros);
    if (param !== undefined) param.expiry = undefined;
    return param;
  }

  remove(param: Param): void {
    if (param.expiry !== undefined) this.#queue.remove(param.expiry);
    param.expiry = undefined;
  }
}
