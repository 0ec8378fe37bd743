import { hashWords } from '../../protocol/bytes/words.js';
import { AddressArena } from './address-arena.js';
import { AddressSlots } from './address-slots.js';
import { PagedArray } from './paged-array.js';

const FIRST_SLOTS = 2_048;
/** Minimum slots per entry, so that a look-up passes few other entries. */
const SLOTS_PER_ENTRY = 2;
/** Slots that one operation moves to the larger table. All are moved before that is full: 2 would suffice. */
const SLOTS_PER_STEP = 8;
/** Entries that one operation moves to other pages. */
const ENTRIES_PER_STEP = 4;
const NO_POSITION = -1;

/**
 * Maps addresses, as bytes of a frame, to small numbers, without creating a string. It is a hash table with open
 * addressing that grows with its entries, so a look-up does not become slower with their number except for cache misses
 * of the processor: one for the slot, and one for the entry in the arena.
 *
 * No operation walks all entries. While the table grows, old and new slots exist, and each operation moves some. While
 * the arena is made smaller, each operation moves some entries.
 *
 * A number stays valid until it is removed, and is then reused. Users store their data in arrays by this number. An
 * entry takes 28 to 44 bytes in addition to its address.
 */
export class AddressTable {
  #slots = new AddressSlots(FIRST_SLOTS);
  /** The slots before the table grew, until all are moved. */
  #oldSlots: AddressSlots | undefined;
  /** Old slots moved so far. */
  #movedSlots = 0;
  readonly #arena = new AddressArena();
  /** Numbers looked at since the arena began to move its entries; undefined = it does not. */
  #movedNumbers: number | undefined;
  /** Position by number. A free number has the next free one instead, as `NO_POSITION - 1 - next`, or NO_POSITION. */
  readonly #positions = new PagedArray(NO_POSITION);
  #firstFree = -1;
  readonly #seed: number;
  /** Numbers used so far, free ones included. */
  #end = 0;
  #size = 0;
  #steps = 0;

  /** @param seed of the hashes. @default random, so that a peer cannot know which addresses share slots */
  constructor(seed = Math.floor(Math.random() * 2 ** 32)) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  /** Memory of the addresses in bytes. */
  get addressBytes(): number {
    return this.#arena.bytes;
  }

  /** All numbers are below this one. */
  get end(): number {
    return this.#end;
  }

  /** Slots and entries moved so far. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Returns the number of an address, or -1.
   *
   * @param start of the length before the address, as in a frame
   * @param tag distinguishes entries with the same address; 0 to 7
   */
  find(view: DataView, start: number, end: number, tag: number): number {
    const hash = hashWords(view, start, end, this.#seed) ^ tag;
    const number = this.#slots.find(hash, this.#arena, view, start, end, tag);
    return number >= 0 || this.#oldSlots === undefined ? number : this.#findOld(hash, view, start, end, tag);
  }

  /** Adds an address that {@link find} did not find. Returns its number, or -1 if no slot near its hash is free. */
  add(view: DataView, start: number, end: number, tag: number): number {
    this.#step();
    if (this.#oldSlots === undefined && this.#size * SLOTS_PER_ENTRY >= this.#slots.count) this.#grow();
    const hash = hashWords(view, start, end, this.#seed) ^ tag;
    const number = this.#firstFree >= 0 ? this.#firstFree : this.#end;
    const position = this.#arena.store(view, start, end, number, tag);
    if (!this.#slots.add(hash, position)) {
      this.#arena.release(position);
      return -1;
    }
    if (number === this.#end) this.#end++;
    else this.#firstFree = NO_POSITION - 1 - this.#positions.get(number);
    this.#size++;
    this.#positions.set(number, position);
    return number;
  }

  /** Removes an entry. */
  remove(number: number): void {
    this.#step();
    const position = this.#positions.get(number);
    const hash = this.#arena.hashAt(position, this.#seed);
    this.#slots.remove(hash, position);
    this.#oldSlots?.bury(hash, position);
    this.#arena.release(position);
    this.#positions.set(number, NO_POSITION - 1 - this.#firstFree);
    this.#firstFree = number;
    this.#size--;
    if (this.#movedNumbers === undefined && this.#arena.isSparse) {
      this.#arena.beginMove();
      this.#movedNumbers = 0;
    }
  }

  #findOld(hash: number, view: DataView, start: number, end: number, tag: number): number {
    const number = this.#oldSlots?.find(hash, this.#arena, view, start, end, tag) ?? -1;
    this.#moveSlots(); // look-ups alone end the growth too
    return number;
  }

  #step(): void {
    this.#moveSlots();
    this.#moveEntries();
  }

  #grow(): void {
    this.#oldSlots = this.#slots;
    this.#movedSlots = 0;
    this.#slots = new AddressSlots(2 * this.#oldSlots.count);
  }

  #moveSlots(): void {
    const old = this.#oldSlots;
    if (old === undefined) return;
    const end = this.#movedSlots + SLOTS_PER_STEP;
    old.copyTo(this.#slots, this.#movedSlots, end);
    this.#steps += SLOTS_PER_STEP;
    this.#movedSlots = end;
    if (end === old.count) this.#oldSlots = undefined;
  }

  #moveEntries(): void {
    const first = this.#movedNumbers;
    if (first === undefined) return;
    const end = Math.min(first + ENTRIES_PER_STEP, this.#end);
    for (let number = first; number < end; number++) {
      const position = this.#positions.get(number);
      if (position >= 0) this.#moveEntry(number, position);
    }
    this.#steps += end - first;
    this.#movedNumbers = end;
    if (end < this.#end) return;
    this.#arena.endMove();
    this.#movedNumbers = undefined;
  }

  #moveEntry(number: number, position: number): void {
    const moved = this.#arena.move(position);
    if (moved === position) return;
    const hash = this.#arena.hashAt(moved, this.#seed);
    this.#slots.replace(hash, position, moved);
    this.#oldSlots?.replace(hash, position, moved);
    this.#positions.set(number, moved);
  }
}
