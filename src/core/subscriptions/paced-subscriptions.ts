import type { pacingOptions } from './subscription-options.js';
import type { OptionValues } from '../../util/option.js';
import { PacedSubscription } from './paced-subscription.js';
import type { PacedType } from './rate-policy.js';
import type { RouterSession } from '../session.js';

export type PacedLimits = OptionValues<typeof pacingOptions>;

/**
 * Pairs of session and address that are paced. The state of a session survives changes of its subscriptions. Otherwise
 * each SUBSCRIBE would release all pending messages.
 */
export class PacedSubscriptions {
  readonly #limits: PacedLimits;
  readonly #dropped: (paced: PacedSubscription) => void;
  /** By address, longest paced first. */
  readonly #params = new Map<string, PacedAddress>();
  readonly #streams = new Map<string, PacedAddress>();
  readonly #sessions = new Map<RouterSession, Set<PacedSubscription>>();
  #size = 0;
  #bytes = 0;
  #droppedCount = 0;

  /** @param dropped receives each pair that is evicted */
  constructor(limits: PacedLimits, dropped: (paced: PacedSubscription) => void) {
    this.#limits = limits;
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#size;
  }

  /** Approximate memory in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of evicted pairs. */
  get dropped(): number {
    return this.#droppedCount;
  }

  /** Returns the pairs of an address. */
  of(type: PacedType, address: string): Iterable<PacedSubscription> {
    return this.#addresses(type).get(address)?.sessions.values() ?? [];
  }

  /** Returns the pairs of a session. They can be removed during iteration. */
  ofSession(session: RouterSession): Iterable<PacedSubscription> {
    return this.#sessions.get(session) ?? [];
  }

  find(session: RouterSession, type: PacedType, address: string): PacedSubscription | undefined {
    return this.#addresses(type).get(address)?.sessions.get(session);
  }

  /** Returns the pair of a session and an address; creates it if needed. */
  follow(session: RouterSession, type: PacedType, address: string): PacedSubscription {
    const addresses = this.#addresses(type);
    let followed = addresses.get(address);
    const existing = followed?.sessions.get(session);
    if (existing !== undefined) return existing;
    if (followed === undefined) {
      followed = { sessions: new Map(), heldBytes: 0 };
      addresses.set(address, followed);
    }
    const paced = new PacedSubscription(session, type, address);
    followed.sessions.set(session, paced);
    this.#listOfSession(paced);
    this.#size++;
    this.#bytes += BYTES_OF_ONE;
    this.#makeRoom(addresses, followed);
    return paced;
  }

  /** Adjusts the memory of pending messages at an address by `bytes`, which can be negative. */
  hold({ type, address, isRemoved }: PacedSubscription, bytes: number): void {
    const addresses = this.#addresses(type);
    const followed = isRemoved ? undefined : addresses.get(address);
    if (followed === undefined) return;
    const change = Math.max(bytes, -followed.heldBytes);
    followed.heldBytes += change;
    this.#bytes += change;
    if (bytes > 0) this.#makeRoom(addresses, followed);
  }

  /** Stores a message at an address, once for all waiting sessions, in place of the one before. */
  holdOnly(paced: PacedSubscription, bytes: number): void {
    const held = this.#addresses(paced.type).get(paced.address)?.heldBytes ?? 0;
    this.hold(paced, bytes - held);
  }

  forget(paced: PacedSubscription): void {
    if (paced.isRemoved) return;
    paced.isRemoved = true;
    this.#unlist(paced);
    this.#size--;
    this.#bytes -= BYTES_OF_ONE;
    const addresses = this.#addresses(paced.type);
    const followed = addresses.get(paced.address);
    followed?.sessions.delete(paced.session);
    if (followed?.sessions.size !== 0) return;
    this.#bytes -= followed.heldBytes;
    addresses.delete(paced.address);
  }

  #listOfSession(paced: PacedSubscription): void {
    const { session } = paced;
    let own = this.#sessions.get(session);
    if (own === undefined) this.#sessions.set(session, (own = new Set()));
    own.add(paced);
    session.holdings.pacedSubscriptions++;
  }

  #unlist(paced: PacedSubscription): void {
    const { session } = paced;
    const own = this.#sessions.get(session);
    own?.delete(paced);
    if (own?.size === 0) this.#sessions.delete(session);
    session.holdings.pacedSubscriptions--;
  }

  #isFull(): boolean {
    const { maxPaced, maxPacedBytes } = this.#limits;
    return this.#size > maxPaced || (maxPacedBytes > 0 && this.#bytes > maxPacedBytes);
  }

  /** Evicts the addresses that were paced longest, the requesting one last. */
  #makeRoom(addresses: Map<string, PacedAddress>, except: PacedAddress): void {
    if (!this.#isFull()) return;
    const other = addresses === this.#params ? this.#streams : this.#params;
    for (const candidates of [addresses, other]) {
      for (const followed of candidates.values()) {
        if (followed === except) continue;
        for (const paced of [...followed.sessions.values()]) {
          this.forget(paced);
          this.#droppedCount++;
          this.#dropped(paced);
        }
        if (!this.#isFull()) return;
      }
    }
  }

  #addresses(type: PacedType): Map<string, PacedAddress> {
    return type === 'param' ? this.#params : this.#streams;
  }
}

/** Memory of a pair, with its index and queue entries. */
const BYTES_OF_ONE = 600;

interface PacedAddress {
  readonly sessions: Map<RouterSession, PacedSubscription>;
  /** Bytes stored at the address: the last pending message, and the samples of windows. */
  heldBytes: number;
}
