import { hashWords } from '../../protocol/bytes/words.js';
import type { Permissions } from '../sessions/permissions.js';
import { AddressTable } from './address-table.js';
import { type RecipientSet, unresolved } from './recipient-set.js';

/** Maximum addresses. Above it, one that was not used lately makes room. */
const MAX_ADDRESSES = 32_768;
/** Addresses of which one use is remembered. */
const MAX_SIGHTED = 4_096;
/** Position of the signal type in the flags of a PUBLISH. */
const SIGNAL_SHIFT = 5;

/**
 * Addresses of signals that are not stored, by their bytes, with what a PUBLISH needs. An address is added at its second
 * use, so that a flood of new addresses does not displace the used ones.
 */
export class DirectSignals {
  readonly table = new AddressTable();
  readonly addresses: string[] = [];
  readonly recipients: RecipientSet[] = [];
  /** Permissions that permit writes to the address without further checks. */
  readonly permitted: (Permissions | undefined)[] = [];
  /** Whether the address was used since the clock hand passed it. */
  readonly used: Uint8Array = new Uint8Array(MAX_ADDRESSES);
  readonly #sighted = new Int32Array(MAX_SIGHTED);
  #hand = 0;

  /**
   * Returns the number of an address, or -1.
   *
   * @param start of the length before the address
   * @param signal the flags of the PUBLISH
   */
  find(view: DataView, start: number, end: number, signal: number): number {
    return this.table.find(view, start, end, signal >>> SIGNAL_SHIFT);
  }

  /** Notes the use of an unknown address, and adds it at its second use. @param start of the length before it */
  note(view: DataView, start: number, end: number, signal: number, address: string): void {
    const hash = hashWords(view, start, end) ^ signal;
    const place = hash & (MAX_SIGHTED - 1);
    if (this.#sighted[place] !== hash) {
      this.#sighted[place] = hash;
      return;
    }
    if (this.table.size === MAX_ADDRESSES) this.#makeRoom();
    const number = this.table.add(view, start, end, signal >>> SIGNAL_SHIFT);
    if (number < 0) return;
    this.addresses[number] = address;
    this.recipients[number] = unresolved;
    this.permitted[number] = undefined;
    this.used[number] = 1;
  }

  /** Removes an address that the hand passes for the second time without a use in between. */
  #makeRoom(): void {
    while (this.used[this.#hand] === 1) {
      this.used[this.#hand] = 0;
      this.#hand = (this.#hand + 1) % MAX_ADDRESSES;
    }
    this.table.remove(this.#hand);
    this.addresses[this.#hand] = '';
    this.recipients[this.#hand] = unresolved;
    this.permitted[this.#hand] = undefined;
    this.#hand = (this.#hand + 1) % MAX_ADDRESSES;
  }
}
