import type { SignalType } from '../../protocol/enumerations.js';
import type { LogMask } from '../changes.js';
import type { RecipientGroup, Recipients } from '../subscriptions/subscription-index.js';

/** Recent sets that are compared with a new one. */
const MAX_COMPARED = 8;

/** The recipients of all addresses with equal ones. It holds no session after a subscription has changed. */
export interface RecipientSet {
  readonly groups: readonly RecipientGroup[];
  /** The change logs that want the messages. */
  readonly logs: LogMask;
  /** Whether bytes can be sent to all of them unchanged and at once: none is paced, and all use compact binary. */
  readonly isDirect: boolean;
  readonly isStale: boolean;
}

interface OwnSet {
  groups: readonly RecipientGroup[];
  readonly logs: LogMask;
  readonly isDirect: boolean;
  isStale: boolean;
}

/** The initial set of an address. */
export const unresolved: RecipientSet = { groups: [], logs: 0, isDirect: false, isStale: true };

/** The part of the subscription index that finds recipients. */
export interface RecipientSource {
  /** Changes whenever the recipients of any address can change. */
  readonly generation: number;
  /** Returns the recipients, without the cache of the index. */
  resolve(address: string, type: SignalType): Recipients;
}

/**
 * Finds the recipients of addresses. Addresses with equal recipients share one set: a million params with the same
 * subscribers keep one list.
 */
export class RecipientSets {
  readonly #source: RecipientSource;
  /** Most recently used last. */
  #sets: OwnSet[] = [];
  #generation = -1;

  constructor(source: RecipientSource) {
    this.#source = source;
  }

  /** Marks the sets as stale if a subscription has changed. Call it before {@link RecipientSet.isStale} is read. */
  refresh(): void {
    if (this.#generation === this.#source.generation) return;
    this.#generation = this.#source.generation;
    for (const set of this.#sets) {
      set.isStale = true;
      set.groups = [];
    }
    this.#sets = [];
  }

  /** Returns the current set of an address. */
  resolve(address: string, type: SignalType): RecipientSet {
    const { groups, paced, logs } = this.#source.resolve(address, type);
    const isDirect = paced.length === 0 && groups.every(({ form }) => isDirectForm(form, type));
    const from = Math.max(0, this.#sets.length - MAX_COMPARED);
    for (let i = this.#sets.length - 1; i >= from; i--) {
      const set = this.#sets[i]!; // the loop bounds the index
      if (set.isDirect === isDirect && set.logs === logs && areEqual(set.groups, groups)) return set;
    }
    const set = { groups, logs, isDirect, isStale: false };
    this.#sets.push(set);
    return set;
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
