import type { scheduleOptions } from './write-options.js';
import type { OptionValues } from '../../util/option.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { detached } from '../../protocol/messages/index.js';
import type { BundleMessage } from '../../protocol/messages/message.js';
import { bundleBytes } from './bundle-bytes.js';
import { type DueEntry, DueQueue } from '../scheduling/due-queue.js';
import { makeRoom } from '../quotas/make-room.js';
import type { Owner } from '../quotas/owner.js';
import { Quota } from '../quotas/quota.js';
import type { RouterSession } from '../session.js';

export type ScheduleLimits = OptionValues<typeof scheduleOptions>;

export interface ScheduledBundle {
  readonly session: RouterSession;
  readonly owner: Owner;
  readonly bundle: BundleMessage;
  readonly atMicros: number;
  /** Memory in bytes. */
  readonly bytes: number;
}

/** A bundle with its queue entries. */
interface Waiting extends ScheduledBundle {
  place?: DueEntry<Waiting>;
  placeOfOwner?: DueEntry<Waiting>;
}

/** Steps of removing a bundle. */
const FORGET_STEPS = 50;

/**
 * Bundles scheduled for a later time (router.md 5.6). They outlive their sender, because they were acknowledged.
 * Bundles with the same time run in order of arrival. They use the router's clock, which never goes back, so a change
 * of the system clock makes none run twice or never.
 *
 * Because they outlive their sender, limits per session do not bound them. If the total exceeds its limit, the items of
 * owners without a session make room first, then the owner with the largest use. Each evicts the bundle that is due
 * last.
 */
export class ScheduledBundles {
  readonly #limits: ScheduleLimits;
  readonly #queue = new DueQueue<Waiting>();
  /** Waiting bundles by owner, last due first. */
  readonly #byOwner = new Map<Owner, DueQueue<Waiting>>();
  readonly #bytes: Quota;
  #dropped = 0;

  constructor(limits: ScheduleLimits) {
    this.#limits = limits;
    this.#bytes = new Quota({ total: limits.maxPendingBundleBytes, perOwner: 0 });
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Estimated memory of all bundles, in bytes. */
  get bytes(): number {
    return this.#bytes.total;
  }

  /** Number of evicted bundles. */
  get dropped(): number {
    return this.#dropped;
  }

  /** When the next bundle is due; Infinity = never. */
  get dueMicros(): number {
    return this.#queue.dueMicros;
  }

  /** @throws ClaspError 400 if it is too far ahead, or if the session has too many waiting bundles */
  check(session: RouterSession, atMicros: number, nowMicros: number): void {
    const { maxScheduleSeconds, maxPendingBundlesPerSession: most } = this.#limits;
    const seconds = (atMicros - nowMicros) / 1_000_000;
    if (seconds > maxScheduleSeconds) {
      const text = `Bundle rejected: it is ${Math.ceil(seconds)} s ahead; the limit is ${maxScheduleSeconds} s`;
      throw new ClaspError(ErrorCode.RevisionConflict, text);
    }
    if (most > 0 && session.holdings.pendingBundles >= most) {
      throw new ClaspError(
        ErrorCode.RevisionConflict,
        `Bundle rejected: ${most} bundles are waiting, which is the limit`,
      );
    }
  }

  /**
   * Stores a copy of a bundle until it is due.
   *
   * @returns the bundles evicted for it, which will not run
   * @throws ClaspError 503 if the total is exceeded and no owner makes room; then nothing has changed
   */
  add(session: RouterSession, bundle: BundleMessage, atMicros: number): readonly ScheduledBundle[] {
    const owner = session.owner!; // set when the session is established; other sessions send no bundles
    const bytes = bundleBytes(bundle);
    this.#bytes.take(owner, bytes);
    const { victims, isEnough } = makeRoom(this.#bytes, owner, (donor) => this.#byOwner.get(donor)?.popDue(Infinity));
    if (!isEnough) {
      for (const victim of victims) this.#listOfOwner(victim);
      const total = this.#bytes.total;
      this.#bytes.give(owner, bytes);
      const { maxPendingBundleBytes: most } = this.#limits;
      const text = `Bundle rejected: with it bundles of ${total} bytes would be waiting in all; the limit is ${most}`;
      throw new ClaspError(ErrorCode.Overloaded, text);
    }
    for (const victim of victims) this.#unlist(victim);
    this.#dropped += victims.length;
    const kept = { ...bundle, messages: bundle.messages.map(detached) };
    const waiting: Waiting = { session, owner, bundle: kept, atMicros, bytes };
    waiting.place = this.#queue.push(waiting, atMicros);
    this.#listOfOwner(waiting);
    session.holdings.pendingBundles++;
    return victims;
  }

  /** Removes and returns the next due bundle. */
  popDue(nowMicros: number): ScheduledBundle | undefined {
    const due = this.#queue.popDue(nowMicros);
    if (due === undefined) return undefined;
    this.#bytes.give(due.owner, due.bytes);
    this.#unlist(due);
    return due;
  }

  /** Removes the bundles of an owner piece by piece. @returns the steps of each piece */
  *forgetting(owner: Owner): Generator<number, void> {
    for (;;) {
      const one = this.#byOwner.get(owner)?.popDue(Infinity);
      if (one === undefined) return;
      this.#bytes.give(owner, one.bytes);
      this.#unlist(one);
      yield FORGET_STEPS;
    }
  }

  #listOfOwner(waiting: Waiting): void {
    let queue = this.#byOwner.get(waiting.owner);
    if (queue === undefined) this.#byOwner.set(waiting.owner, (queue = new DueQueue()));
    waiting.placeOfOwner = queue.push(waiting, -waiting.atMicros);
  }

  /** Removes a bundle whose memory was released from its remaining lists. */
  #unlist(waiting: Waiting): void {
    const { session, owner, place, placeOfOwner } = waiting;
    if (place !== undefined) this.#queue.remove(place);
    const queue = this.#byOwner.get(owner);
    if (placeOfOwner !== undefined) queue?.remove(placeOfOwner);
    if (queue?.size === 0) this.#byOwner.delete(owner);
    session.holdings.pendingBundles--;
  }
}
