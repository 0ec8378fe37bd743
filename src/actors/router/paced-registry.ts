import { Paced } from './paced.js';
import type { PacedType } from './pace.js';
import type { RouterSession } from './router-session.js';

/**
 * Who is followed at which address. What is known of a session survives here when its subscriptions change; without it each
 * SUBSCRIBE would set off everything that rests.
 */
export class PacedRegistry {
  readonly #max: number;
  readonly #dropped: (paced: Paced) => void;
  /** By address, the one followed for longest first. */
  readonly #params = new Map<string, Map<RouterSession, Paced>>();
  readonly #streams = new Map<string, Map<RouterSession, Paced>>();
  #size = 0;

  /** @param dropped hears of each that is forgotten because there are more than `max` */
  constructor(max: number, dropped: (paced: Paced) => void) {
    this.#max = max;
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#size;
  }

  /** Those who are followed at an address. */
  of(type: PacedType, address: string): Iterable<Paced> {
    return this.#addresses(type).get(address)?.values() ?? [];
  }

  find(session: RouterSession, type: PacedType, address: string): Paced | undefined {
    return this.#addresses(type).get(address)?.get(session);
  }

  /** What is known of this session at this address; from now on, if nothing was. */
  follow(session: RouterSession, type: PacedType, address: string): Paced {
    const addresses = this.#addresses(type);
    let sessions = addresses.get(address);
    const existing = sessions?.get(session);
    if (existing !== undefined) return existing;
    if (sessions === undefined) {
      sessions = new Map();
      addresses.set(address, sessions);
    }
    const paced = new Paced(session, type, address);
    sessions.set(session, paced);
    session.paced.add(paced);
    this.#size++;
    if (this.#size > this.#max) this.#dropOldest(addresses, sessions);
    return paced;
  }

  forget(paced: Paced): void {
    if (paced.isGone) return;
    paced.isGone = true;
    paced.session.paced.delete(paced);
    this.#size--;
    const addresses = this.#addresses(paced.type);
    const sessions = addresses.get(paced.address);
    sessions?.delete(paced.session);
    if (sessions?.size === 0) addresses.delete(paced.address);
  }

  #dropOldest(addresses: Map<string, Map<RouterSession, Paced>>, except: Map<RouterSession, Paced>): void {
    for (const sessions of addresses.values()) {
      if (sessions === except) continue;
      for (const paced of [...sessions.values()]) {
        this.forget(paced);
        this.#dropped(paced);
      }
      return;
    }
  }

  #addresses(type: PacedType): Map<string, Map<RouterSession, Paced>> {
    return type === 'param' ? this.#params : this.#streams;
  }
}
