import { map, Observable, type OperatorFunction } from 'rxjs';
import type { Clock } from '../../util/clock.js';
import type { RateLimitedMessage } from '../../protocol/inbound.js';
import { FrameRun } from '../../protocol/frame-run.js';
import { TokenBucket } from '../../util/token-bucket.js';

export interface LimitRateOptions {
  /** Frames a second that pass in the long run; 0 lets everything through. */
  readonly messagesPerSecond: number;
  /** Frames that may come at once after a rest. @default messagesPerSecond */
  readonly burst?: number | undefined;
  /** To take them from, where somebody else charges for what frames turn out to hold. @default one of its own, full */
  readonly bucket?: TokenBucket | undefined;
  /** Frames that pass whatever the rate, if they are the last of their batch. @default none */
  readonly passesLast?: ((frame: Uint8Array) => boolean) | undefined;
  readonly clock: Clock;
}

/** Milliseconds from one `rateLimited` to the next at least. */
const NOTICE_INTERVAL_MS = 1_000;

/**
 * A token bucket over batches. What is over the limit is dropped unread, which costs a flooding peer's victim nothing but
 * the read. In its place stands a `rateLimited`, once a second at most; drops in between are told by the next one, which
 * rides on whatever comes after that second is over.
 */
export function limitRate<F>(
  options: LimitRateOptions,
): OperatorFunction<readonly F[], readonly (F | Uint8Array | RateLimitedMessage)[]> {
  if (options.messagesPerSecond === 0) return (source) => source;
  return (source) =>
    new Observable((subscriber) => {
      const limiter = new Limiter(options); // one for each subscription: a peer pays only for itself
      return source.pipe(map((frames) => limiter.pass(frames))).subscribe(subscriber);
    });
}

/** Lets frames through as a bucket allows, and says what it did not. */
class Limiter {
  readonly #messagesPerSecond: number;
  readonly #bucket: TokenBucket;
  readonly #clock: Clock;
  readonly #passesLast: ((frame: Uint8Array) => boolean) | undefined;
  #dropped = 0;
  #noticedAt = -Infinity;

  constructor({ messagesPerSecond, burst, clock, bucket, passesLast }: LimitRateOptions) {
    this.#passesLast = passesLast;
    this.#messagesPerSecond = messagesPerSecond;
    this.#bucket = bucket ?? new TokenBucket({ perSecond: messagesPerSecond, burst }, clock.now());
    this.#clock = clock;
  }

  pass<F>(batch: readonly F[]): readonly (F | Uint8Array | RateLimitedMessage)[] {
    const now = this.#clock.now();
    let count = 0;
    for (const item of batch) count += item instanceof FrameRun ? item.count : 1;
    const allowed = this.#bucket.takeUpTo(count, now);
    const last = allowed === count ? undefined : this.#exemption(batch);
    this.#dropped += count - allowed - (last === undefined ? 0 : 1);
    const noticeIsDue = this.#dropped > 0 && now - this.#noticedAt >= NOTICE_INTERVAL_MS;
    if (allowed === count && !noticeIsDue) return batch;
    const passed: (F | Uint8Array | RateLimitedMessage)[] = allowed === count ? [...batch] : first(batch, allowed);
    if (noticeIsDue) {
      passed.push({ type: 'rateLimited', messagesPerSecond: this.#messagesPerSecond, dropped: this.#dropped });
      this.#dropped = 0;
      this.#noticedAt = now;
    }
    if (last !== undefined) passed.push(last);
    return passed;
  }

  /** The last frame of a batch, if it passes in any case. */
  #exemption(batch: readonly unknown[]): Uint8Array | undefined {
    const item = batch.at(-1);
    const frame = item instanceof FrameRun ? item.last() : item;
    return frame instanceof Uint8Array && this.#passesLast?.(frame) === true ? frame : undefined;
  }
}

/** The first frames of a batch, those of a run one by one. */
function first<F>(batch: readonly F[], count: number): (F | Uint8Array)[] {
  const frames: (F | Uint8Array)[] = [];
  for (const item of batch) {
    const room = count - frames.length;
    if (room <= 0) break;
    if (item instanceof FrameRun) frames.push(...item.take(room));
    else frames.push(item);
  }
  return frames;
}
