import type { SignalType } from '../../protocol/enumerations.js';
import type { LogMask } from '../change.js';
import type { RouterSession } from '../session.js';
import type { RecipientGroup } from '../subscriptions/recipient-group.js';
import type { Recipients } from '../subscriptions/subscription-index.js';
import type { RecipientSet } from './recipient-set.js';

/** Sets with equal keys that are compared with a new one. */
const MAX_COMPARED = 8;
/** Memory of a set, and of each of its recipients. */
const SET_BYTES = 300;
const RECIPIENT_BYTES = 8;

interface OwnSet {
  groups: readonly RecipientGroup[];
  readonly logs: LogMask;
  readonly isDirect: boolean;
  isStale: boolean;
}

/** The part of the subscription index that finds recipients. */
export interface RecipientSource {
  /** Changes whenever the recipients of any address can change. */
  readonly generation: number;
  /** Maximum memory of recipients that are kept, in bytes. */
  readonly maxCachedBytes: number;
  /** Returns the recipients, without the cache of the index. */
  resolve(address: string, type: SignalType): Recipients;
}

/**
 * Finds the recipients of addresses. Addresses with equal recipients share one set: a million params with the same
 * subscribers keep one list. The memory of all sets is limited.
 */
export class RecipientSets {
  readonly #source: RecipientSource;
  readonly #maxBytes: number;
  /** By a hash of their recipients. */
  readonly #sets = new Map<number, OwnSet[]>();
  /** Numbers of the recipients, for that hash. */
  readonly #numbers = new Map<RouterSession, number>();
  /** The set that was resolved last, which is the next one too in the usual case. */
  #last: OwnSet | undefined;
  #bytes = 0;
  #generation = -1;

  /** @param maxBytes maximum memory of the sets; above it, all become stale */
  constructor(source: RecipientSource, maxBytes = source.maxCachedBytes) {
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  /** Approximate memory of the sets in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Marks the sets as stale if a subscription has changed. Call it before {@link RecipientSet.isStale} is read. */
  refresh(): void {
    if (this.#generation === this.#source.generation) return;
    this.#generation = this.#source.generation;
    this.#forgetAll();
  }

  /** Returns the current set of an address. */
  resolve(address: string, type: SignalType): RecipientSet {
    const { groups, paced, logs } = this.#source.resolve(address, type);
    const isDirect = paced.length === 0 && groups.every(({ form }) => isDirectForm(form, type));
    const isSame = (set: OwnSet): boolean =>
      set.isDirect === isDirect && set.logs === logs && areEqual(set.groups, groups);
    if (this.#last !== undefined && isSame(this.#last)) return this.#last;
    const key = this.#keyOf(groups);
    const known = this.#sets.get(key)?.find(isSame);
    if (known !== undefined) return (this.#last = known);
    let bytes = SET_BYTES;
    for (const { sessions } of groups) bytes += RECIPIENT_BYTES * sessions.length;
    if (this.#bytes + bytes > this.#maxBytes) this.#forgetAll();
    this.#bytes += bytes;
    const set = { groups, logs, isDirect, isStale: false };
    const alike = this.#sets.get(key);
    if (alike === undefined) this.#sets.set(key, [set]);
    else if (alike.push(set) > MAX_COMPARED) this.#forget(alike.shift()!); // it has more than one
    return (this.#last = set);
  }

  #keyOf(groups: readonly RecipientGroup[]): number {
    let key = 0;
    for (const { sessions } of groups) {
      for (const session of sessions) {
        let number = this.#numbers.get(session);
        if (number === undefined) this.#numbers.set(session, (number = this.#numbers.size + 1));
        key = Math.imul(key ^ number, 0x9e3779b1);
        key ^= key >>> 15;
      }
    }
    return key;
  }

  #forgetAll(): void {
    for (const sets of this.#sets.values()) for (const set of sets) this.#forget(set);
    this.#sets.clear();
    this.#numbers.clear();
    this.#last = undefined;
    this.#bytes = 0;
  }

  #forget(set: OwnSet): void {
    this.#bytes -= SET_BYTES;
    for (const { sessions } of set.groups) this.#bytes -= RECIPIENT_BYTES * sessions.length;
    set.isStale = true;
    set.groups = [];
  }
}

/** A stream can take the datagram path of a session without framing, which depends on the message. */
function isDirectForm(form: RecipientGroup['form'], type: SignalType): boolean {
  return form.encoding === 'binary' && (type !== 'stream' || form.framing !== 'raw');
}

function areEqual(some: readonly RecipientGroup[], others: readonly RecipientGroup[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) {
    const [one, other] = [some[i]!, others[i]!];
    if (one.form !== other.form || one.sessions.length !== other.sessions.length) return false;
    for (let s = 0; s < one.sessions.length; s++) if (one.sessions[s] !== other.sessions[s]) return false;
  }
  return true;
}
