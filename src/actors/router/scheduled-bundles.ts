import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { detached } from '../../protocol/messages/detached.js';
import type { BundleMessage, Message } from '../../protocol/messages/message.js';
import { DueQueue } from './due-queue.js';
import type { RouterSession } from './router-session.js';

export interface ScheduleLimits {
  /** How far ahead a bundle may be, in seconds. */
  readonly maxScheduleSeconds: number;
  /** Bundles of one session that may wait; 0 = unlimited. */
  readonly maxPendingBundlesPerSession: number;
  /** Memory that all that wait may take together, in bytes, as far as it can be told. */
  readonly maxPendingBundleBytes: number;
}

export interface ScheduledBundle {
  readonly session: RouterSession;
  readonly bundle: BundleMessage;
  readonly atMicros: number;
  /** Memory it takes. */
  readonly bytes: number;
}

/** What a message takes beside its address and its value, and a bundle beside its messages. */
const OVERHEAD_BYTES = 256;

/**
 * Bundles whose time is still to come (router.md 5.6). They outlive their sender: what was acknowledged is done. Those of
 * one time run in the order of their arrival. Because they outlive it, limits for a session do not bound them: who comes, leaves
 * some and goes, again and again, meets the limit for all. Time is the router's clock, which never goes back, so none runs twice
 * or never when somebody sets the system's.
 */
export class ScheduledBundles {
  readonly #limits: ScheduleLimits;
  readonly #queue = new DueQueue<ScheduledBundle>();
  #bytes = 0;

  constructor(limits: ScheduleLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#queue.size;
  }

  /** When the next one is due; Infinity when none is. */
  get dueMicros(): number {
    return this.#queue.dueMicros;
  }

  /** @throws ClaspError 400 when it is too far ahead, or too many of this session wait; 503 when too much waits in all */
  check(session: RouterSession, bundle: BundleMessage, atMicros: number, nowMicros: number): void {
    const { maxScheduleSeconds, maxPendingBundlesPerSession: most, maxPendingBundleBytes: mostBytes } = this.#limits;
    const seconds = (atMicros - nowMicros) / 1_000_000;
    if (seconds > maxScheduleSeconds) {
      const text = `Bundle rejected: it is ${Math.ceil(seconds)} s ahead; the limit is ${maxScheduleSeconds} s`;
      throw new ClaspError(ErrorCode.RevisionConflict, text);
    }
    if (most > 0 && session.pendingBundles >= most) {
      throw new ClaspError(
        ErrorCode.RevisionConflict,
        `Bundle rejected: ${most} bundles are waiting, which is the limit`,
      );
    }
    const bytes = this.#bytes + bytesOf(bundle);
    if (bytes > mostBytes) {
      const text = `Bundle rejected: with it bundles of ${bytes} bytes would be waiting in all; the limit is ${mostBytes}`;
      throw new ClaspError(ErrorCode.Overloaded, text);
    }
  }

  add(session: RouterSession, bundle: BundleMessage, atMicros: number): void {
    session.pendingBundles++;
    const bytes = bytesOf(bundle);
    this.#bytes += bytes;
    const kept = { ...bundle, messages: bundle.messages.map(detached) };
    this.#queue.push({ session, bundle: kept, atMicros, bytes }, atMicros);
  }

  /** Takes out the next one whose time has come. */
  popDue(nowMicros: number): ScheduledBundle | undefined {
    const due = this.#queue.popDue(nowMicros);
    if (due === undefined) return undefined;
    due.session.pendingBundles--;
    this.#bytes -= due.bytes;
    return due;
  }
}

/** Memory that a bundle takes which has been found to hold nothing but SET and PUBLISH. */
function bytesOf({ messages }: BundleMessage): number {
  let bytes = OVERHEAD_BYTES;
  for (const message of messages) bytes += OVERHEAD_BYTES + contentBytes(message);
  return bytes;
}

function contentBytes(message: Message): number {
  if (message.type === 'set') return message.address.length + message.value.byteLength;
  if (message.type !== 'publish') return 0;
  const { address, value, samples = [], timeline } = message;
  const keyframes = timeline?.keyframes ?? [];
  return keyframes.reduce(
    (sum, keyframe) => sum + OVERHEAD_BYTES + keyframe.value.byteLength,
    address.length + (value?.byteLength ?? 0) + 8 * samples.length,
  );
}
