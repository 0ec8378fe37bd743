import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { TokenBucket } from '../../token-bucket.js';
import type { RouterSession } from './router-session.js';

/** Definitions a session's QUERYs may look at in a second; some 10 ms of work. */
export const QUERIED_PER_SECOND = 100_000;
/** The same at once, after a rest: two looks through everything that may be announced by default. */
const QUERIED_AT_ONCE = 20_000;

/**
 * How much a session's QUERYs may cost: what they look at is paid for afterwards, since nobody knows before, and who is in debt
 * waits. So a single QUERY is always answered, however much there is, and a flood of them is not.
 */
export class QueryAllowance {
  readonly #buckets = new WeakMap<RouterSession, TokenBucket>();

  /** @throws ClaspError 429 for a session whose earlier QUERYs are not paid for */
  check(session: RouterSession, nowMicros: number): void {
    let bucket = this.#buckets.get(session);
    if (bucket === undefined) {
      bucket = new TokenBucket({ perSecond: QUERIED_PER_SECOND, burst: QUERIED_AT_ONCE }, nowMicros / 1_000);
      this.#buckets.set(session, bucket);
    }
    if (bucket.take(nowMicros / 1_000)) return;
    const text = `Query limit reached: queries may look at ${QUERIED_PER_SECOND} signals a second`;
    throw new ClaspError(ErrorCode.RateLimited, text);
  }

  /** A QUERY that was let pass has looked at so many. */
  spend(session: RouterSession, looked: number): void {
    this.#buckets.get(session)?.overdraw(looked);
  }
}
