import type { willOptions } from './announce-options.js';
import type { OptionValues } from '../../util/option.js';
import { ClaspError, DecodeError, ErrorCode } from '../../protocol/errors.js';
import { messageFromValue } from '../../protocol/encodings/value-message.js';
import type { AnnounceMessage, BundleMessage } from '../../protocol/messages/message.js';
import { type EncodedValue, encodeValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';
import { makeRoom, type Room } from '../quotas/make-room.js';
import type { Owner } from '../quotas/owner.js';
import { Quota } from '../quotas/quota.js';
import type { RouterSession } from '../session.js';
import { WILL_ADDRESS } from '../system/system-addresses.js';

export type WillLimits = OptionValues<typeof willOptions>;

/** A last will in an ANNOUNCE. */
export interface LastWill {
  readonly bundle: BundleMessage;
  /** The encoded form as received. */
  readonly encoded: EncodedValue;
}

interface Kept {
  readonly session: RouterSession;
  readonly owner: Owner;
  readonly encoded: EncodedValue;
  readonly bytes: number;
}

/** Overhead of a will in bytes. */
const BYTES_OF_ONE = 500;

/**
 * Bundles to run when their session is lost (docs/reference/protocol.md, "Last will"). A will is in `meta.will` of an ANNOUNCE,
 * or, because compact binary has no such meta, the default of a signal announced at `/$clasp/will`. Null removes it.
 *
 * Wills are stored as bytes and decoded when they run: decoded messages would take ten times the memory. If the total
 * exceeds its limit, the owner with the largest use loses its oldest will.
 */
export class LastWills {
  readonly #maxBytes: number;
  readonly #bytes: Quota;
  readonly #wills = new Map<RouterSession, Kept>();
  /** Oldest first. */
  readonly #byOwner = new Map<Owner, Set<Kept>>();
  #dropped = 0;

  constructor({ maxWillBytes }: WillLimits) {
    this.#maxBytes = maxWillBytes;
    this.#bytes = new Quota({ total: maxWillBytes, perOwner: 0 });
  }

  /** Memory of all wills in bytes. */
  get bytes(): number {
    return this.#bytes.total;
  }

  /** Number of evicted wills. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Returns the will in an ANNOUNCE.
   *
   * @returns null if it removes an earlier one; undefined if the ANNOUNCE contains none
   * @throws ClaspError 101 if it is no bundle
   */
  static in({ meta, signals }: AnnounceMessage): LastWill | null | undefined {
    const inMeta = valueOf(meta, 'will'); // null is significant
    const signal = signals.find(({ address }) => address === WILL_ADDRESS);
    const encoded = inMeta === undefined ? signal?.meta?.default : encodeValue(inMeta);
    if (encoded === undefined) return undefined;
    const value = encoded.decode();
    return value === null ? null : { bundle: bundleOf(value), encoded };
  }

  /**
   * Checks that a will fits the memory limit.
   *
   * @throws ClaspError 503
   */
  check(session: RouterSession, will: LastWill | null): void {
    if (will === null) return;
    const { former, kept, room } = this.#exchange(session, will);
    if (room.isEnough) for (const { owner, bytes } of room.victims) this.#bytes.take(owner, bytes);
    const total = this.#bytes.total;
    this.#bytes.give(kept.owner, kept.bytes);
    if (former !== undefined) this.#bytes.take(former.owner, former.bytes);
    if (room.isEnough) return;
    const text = `The last will is refused: with it wills would take ${total} bytes in all; the limit is ${this.#maxBytes}`;
    throw new ClaspError(ErrorCode.Overloaded, text);
  }

  /**
   * Stores a will that passed {@link check}, in place of an earlier one of the session; null removes that.
   *
   * @returns the sessions whose wills were evicted
   */
  keep(session: RouterSession, will: LastWill | null): readonly RouterSession[] {
    if (will === null) {
      this.#take(session);
      return [];
    }
    const { former, kept, room } = this.#exchange(session, will);
    if (former !== undefined) this.#unlist(former);
    for (const victim of room.victims) this.#unlist(victim);
    this.#dropped += room.victims.length;
    this.#wills.set(session, kept);
    const list = this.#byOwner.get(kept.owner);
    if (list === undefined) this.#byOwner.set(kept.owner, new Set([kept]));
    else list.add(kept);
    return room.victims.map((victim) => victim.session);
  }

  /** Removes and returns the will of a session. */
  take(session: RouterSession): BundleMessage | undefined {
    const kept = this.#take(session);
    return kept === undefined ? undefined : bundleOf(kept.encoded.decode());
  }

  #take(session: RouterSession): Kept | undefined {
    const kept = this.#wills.get(session);
    if (kept === undefined) return undefined;
    this.#bytes.give(kept.owner, kept.bytes);
    this.#unlist(kept);
    return kept;
  }

  /** Charges the bytes of a will in place of those of an earlier one, and makes room. */
  #exchange(
    session: RouterSession,
    { encoded }: LastWill,
  ): { readonly former: Kept | undefined; readonly kept: Kept; readonly room: Room<Kept> } {
    const owner = session.owner!; // set when the session is established; other sessions have no will
    const former = this.#wills.get(session);
    if (former !== undefined) this.#bytes.give(former.owner, former.bytes);
    const kept = { session, owner, encoded: encoded.copy(), bytes: BYTES_OF_ONE + encoded.byteLength };
    this.#bytes.take(owner, kept.bytes);
    const places = new Map<Owner, Iterator<Kept>>();
    const room = makeRoom(this.#bytes, owner, (donor) => {
      const place = places.get(donor) ?? (this.#byOwner.get(donor) ?? []).values();
      places.set(donor, place);
      const next = place.next();
      return next.done === true ? undefined : next.value;
    });
    return { former, kept, room };
  }

  /** Removes a will whose bytes were released. */
  #unlist(kept: Kept): void {
    this.#wills.delete(kept.session);
    const list = this.#byOwner.get(kept.owner);
    list?.delete(kept);
    if (list?.size === 0) this.#byOwner.delete(kept.owner);
  }
}

/** @throws ClaspError 101 */
function bundleOf(value: Value): BundleMessage {
  try {
    const message = messageFromValue(value instanceof Map ? new Map([['type', 'bundle'], ...value]) : value);
    if (message.type === 'bundle' && message.timestamp === undefined) return message;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ClaspError(ErrorCode.InvalidMessage, `The last will cannot be read: ${error.message}`);
  }
  throw new ClaspError(ErrorCode.InvalidMessage, 'The last will must be a bundle without a timestamp');
}

function valueOf(map: EncodedValue | undefined, key: string): Value | undefined {
  const value = map?.decode();
  return value instanceof Map ? (value as ReadonlyMap<string, Value>).get(key) : undefined; // its maps hold Values
}
