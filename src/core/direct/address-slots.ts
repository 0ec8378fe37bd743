import { type AddressArena, numberOf, tagOf } from './address-arena.js';

/** Words of one slot: the hash, and the position plus one. 0 is a free slot. */
const SLOT_WORDS = 2;
const POSITION = 1;
const FREE = 0;
const BURIED = -1;
/**
 * Maximum slots from the one of the hash to that of the entry. Peers can choose addresses so that their hashes are
 * equal. Those beyond the limit are not added, and their users take another path.
 */
const MAX_PROBES = 64;

/**
 * Slots of a hash table with open addressing. Each has the position of an entry in an arena, and beside it the hash, so
 * that a look-up touches no other entry.
 */
export class AddressSlots {
  readonly #words: Int32Array;
  readonly #mask: number;

  /** @param count of slots, a power of two */
  constructor(count: number) {
    this.#words = new Int32Array(count * SLOT_WORDS);
    this.#mask = count - 1;
  }

  get count(): number {
    return this.#mask + 1;
  }

  /** Returns the number of the entry with these bytes and this tag, or -1. */
  find(hash: number, arena: AddressArena, view: DataView, start: number, end: number, tag: number): number {
    const words = this.#words;
    for (let probes = 0; probes < MAX_PROBES; probes++) {
      const at = ((hash + probes) & this.#mask) * SLOT_WORDS;
      const position = words[at + POSITION]!; // the mask bounds the slot, here and below
      if (position === FREE) return -1;
      if (words[at] !== hash || position === BURIED || !arena.equals(position - 1, view, start, end)) continue;
      const head = arena.headAt(position - 1);
      if (tagOf(head) === tag) return numberOf(head);
    }
    return -1;
  }

  /** Adds an entry. @returns whether a slot near its hash was free */
  add(hash: number, position: number): boolean {
    const words = this.#words;
    for (let probes = 0; probes < MAX_PROBES; probes++) {
      const at = ((hash + probes) & this.#mask) * SLOT_WORDS;
      if (words[at + POSITION] !== FREE) continue;
      words[at] = hash;
      words[at + POSITION] = position + 1;
      return true;
    }
    return false;
  }

  /** Changes the position of an entry, if it has a slot. */
  replace(hash: number, position: number, to: number): void {
    const slot = this.#slotOf(hash, position);
    if (slot >= 0) this.#words[slot * SLOT_WORDS + POSITION] = to + 1;
  }

  /** Removes an entry, if it has a slot. Entries behind it can move to an earlier slot. */
  remove(hash: number, position: number): void {
    const slot = this.#slotOf(hash, position);
    if (slot >= 0) this.#close(slot);
  }

  /** Removes an entry, if it has a slot. No other entry moves, and the slot is not used again. */
  bury(hash: number, position: number): void {
    const slot = this.#slotOf(hash, position);
    if (slot >= 0) this.#words[slot * SLOT_WORDS + POSITION] = BURIED;
  }

  /** Adds the entries in some slots to other slots. An entry that finds none there is not found from then on. */
  copyTo(other: AddressSlots, start: number, end: number): void {
    const words = this.#words;
    for (let at = start * SLOT_WORDS; at < end * SLOT_WORDS; at += SLOT_WORDS) {
      const position = words[at + POSITION]!; // the caller bounds the slots
      if (position !== FREE && position !== BURIED) other.add(words[at]!, position - 1);
    }
  }

  #slotOf(hash: number, position: number): number {
    for (let probes = 0; probes < MAX_PROBES; probes++) {
      const slot = (hash + probes) & this.#mask;
      if (this.#words[slot * SLOT_WORDS + POSITION] === position + 1) return slot;
    }
    return -1;
  }

  /** Empties a slot and moves later entries of the same run into the gap, so that no look-up ends too early. */
  #close(slot: number): void {
    const words = this.#words;
    const mask = this.#mask;
    let gap = slot;
    for (let next = (slot + 1) & mask; words[next * SLOT_WORDS + POSITION] !== FREE; next = (next + 1) & mask) {
      const home = words[next * SLOT_WORDS]! & mask;
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      words[gap * SLOT_WORDS] = words[next * SLOT_WORDS]!;
      words[gap * SLOT_WORDS + POSITION] = words[next * SLOT_WORDS + POSITION]!;
      gap = next;
    }
    words[gap * SLOT_WORDS + POSITION] = FREE;
  }
}
