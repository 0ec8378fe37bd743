import { map, Observable, type OperatorFunction } from 'rxjs';
import type { Clock } from '../../util/clock.js';
import type { RateLimitedMessage } from '../../protocol/inbound.js';
import { FrameRun } from '../../protocol/frame-run.js';
import { TokenBucket } from '../../util/token-bucket.js';

export interface LimitRateOptions {
  /** Sustained frames per second. 0 disables the limit. */
  readonly messagesPerSecond: number;
  /** Peak number of frames. @default messagesPerSecond */
  readonly burst?: number | undefined;
  /** The bucket to use, if another component also charges for the content of frames. @default a new full bucket */
  readonly bucket?: TokenBucket | undefined;
  /** Returns whether a frame passes regardless of the rate. Called for the last frame of a batch. @default never */
  readonly passesLast?: ((frame: Uint8Array) => boolean) | undefined;
  readonly clock: Clock;
}

/** Minimum milliseconds between two `rateLimited` notices. */
const NOTICE_INTERVAL_MS = 1_000;

/**
 * Token bucket over batches. Frames above the limit are dropped unread, so a flood costs the router only the read. A
 * `rateLimited` notice takes their place, at most once per second. Drops in between are counted in the next notice,
 * which is added to the first batch after that second.
 */
export function limitRate<F>(
  options: LimitRateOptions,
): OperatorFunction<readonly F[], readonly (F | Uint8Array | RateLimitedMessage)[]> {
  if (options.messagesPerSecond === 0) return (source) => source;
  return (source) =>
    new Observable((subscriber) => {
      const limiter = new Limiter(options); // one per subscription, so that each peer has its own limit
      return source.pipe(map((frames) => limiter.pass(frames))).subscribe(subscriber);
    });
}

/** Passes frames as the bucket allows, and reports the dropped ones. */
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

  /** Returns the last frame of a batch if it passes regardless of the rate. */
  #exemption(batch: readonly unknown[]): Uint8Array | undefined {
    const item = batch.at(-1);
    const frame = item instanceof FrameRun ? item.last() : item;
    return frame instanceof Uint8Array && this.#passesLast?.(frame) === true ? frame : undefined;
  }
}

/** Returns the first frames of a batch, with runs split into single frames. */
function first<F>(batch: readonly F[], count: number): (F | Uint8Array)[] {
  const frames: (F | Uint8Array)[] = [];
  for (const item of batch) {
    const capacity = count - frames.length;
    if (capacity <= 0) break;
    if (item instanceof FrameRun) frames.push(...item.take(capacity));
    else frames.push(item);
  }
  return frames;
}
