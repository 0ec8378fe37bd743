import { hashWords } from '../../protocol/bytes/words.js';
import { AddressArena } from './address-arena.js';

/** Words of one entry: hash, position of the bytes, length and tag. */
const ENTRY_WORDS = 3;
const HASH = 0;
const POSITION = 1;
const LENGTH_AND_TAG = 2;
const LENGTH_BITS = 16;

const FIRST_CAPACITY = 1_024;
/** Slots per entry, so that a lookup meets few other entries. */
const SLOTS_PER_ENTRY = 2;
/**
 * Maximum slots from the one of the hash to that of the entry. Peers can choose addresses so that their hashes are
 * equal. Those beyond the limit are not added, and their users take another path.
 */
const MAX_PROBES = 64;

/**
 * Maps addresses, as bytes of a frame, to small numbers, without creating a string. It is a hash table with open
 * addressing that grows with its entries, so a lookup does not become slower with their number except for cache misses
 * of the processor.
 *
 * A number stays valid until it is removed, and is then reused. Users store their data in arrays by this number. An
 * entry takes 20 to 28 bytes in addition to its address.
 */
export class AddressTable {
  /** Number of an entry plus one; 0 is empty. */
  #slots = new Int32Array(FIRST_CAPACITY * SLOTS_PER_ENTRY);
  #mask = FIRST_CAPACITY * SLOTS_PER_ENTRY - 1;
  #entries = new Int32Array(FIRST_CAPACITY * ENTRY_WORDS);
  #arena = new AddressArena();
  readonly #freed: number[] = [];
  readonly #seed: number;
  /** Numbers used so far, free ones included. */
  #end = 0;
  #size = 0;

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

  /**
   * Returns the number of an address, or -1.
   *
   * @param start of the length before the address, as in a frame
   * @param tag distinguishes entries with the same address; 0 to 32_767
   */
  find(view: DataView, start: number, end: number, tag: number): number {
    const hash = hashWords(view, start, end, this.#seed) ^ tag;
    const lengthAndTag = (end - start) | (tag << LENGTH_BITS);
    const entries = this.#entries;
    let slot = hash & this.#mask;
    for (let probes = 0; probes < MAX_PROBES; probes++, slot = (slot + 1) & this.#mask) {
      const number = this.#slots[slot]! - 1; // the mask bounds the slot
      if (number < 0) return -1;
      const entry = number * ENTRY_WORDS;
      if (
        entries[entry + HASH] === hash &&
        entries[entry + LENGTH_AND_TAG] === lengthAndTag &&
        this.#arena.equals(entries[entry + POSITION]!, view, start, end)
      ) {
        return number;
      }
    }
    return -1;
  }

  /** Adds an address that {@link find} did not find. Returns its number, or -1 if no slot near its hash is free. */
  add(view: DataView, start: number, end: number, tag: number): number {
    if (this.#freed.length === 0 && this.#end * SLOTS_PER_ENTRY >= this.#slots.length) this.#grow();
    const hash = hashWords(view, start, end, this.#seed) ^ tag;
    const slot = this.#freeSlot(hash);
    if (slot < 0) return -1;
    const number = this.#freed.pop() ?? this.#end++;
    this.#size++;
    const entry = number * ENTRY_WORDS;
    this.#entries[entry + HASH] = hash;
    this.#entries[entry + POSITION] = this.#arena.store(view, start, end);
    this.#entries[entry + LENGTH_AND_TAG] = (end - start) | (tag << LENGTH_BITS);
    this.#slots[slot] = number + 1;
    return number;
  }

  /** Removes an entry. */
  remove(number: number): void {
    const entry = number * ENTRY_WORDS;
    const length = this.#entries[entry + LENGTH_AND_TAG]! & 0xffff;
    let slot = this.#entries[entry + HASH]! & this.#mask;
    for (let probes = 0; probes < MAX_PROBES; probes++, slot = (slot + 1) & this.#mask) {
      if (this.#slots[slot] !== number + 1) continue; // an entry that found no slot when the table grew has none
      this.#empty(slot);
      break;
    }
    this.#arena.release(this.#entries[entry + POSITION]!, length);
    this.#entries[entry + LENGTH_AND_TAG] = 0;
    this.#freed.push(number);
    this.#size--;
    if (this.#arena.isSparse) this.#compact();
  }

  /** Copies the addresses together, after as many bytes were removed as remain. */
  #compact(): void {
    const arena = new AddressArena();
    const entries = this.#entries;
    for (let entry = 0; entry < this.#end * ENTRY_WORDS; entry += ENTRY_WORDS) {
      const length = entries[entry + LENGTH_AND_TAG]! & 0xffff;
      if (length === 0) continue; // removed: an address has at least the two bytes of its length
      entries[entry + POSITION] = this.#arena.copyTo(arena, entries[entry + POSITION]!, length);
    }
    this.#arena = arena;
  }

  /** Returns the first free slot near the one of the hash, or -1. */
  #freeSlot(hash: number): number {
    let slot = hash & this.#mask;
    for (let probes = 0; probes < MAX_PROBES; probes++, slot = (slot + 1) & this.#mask) {
      if (this.#slots[slot] === 0) return slot;
    }
    return -1;
  }

  /** Empties a slot and moves later entries of the same run into the gap, so that no lookup ends too early. */
  #empty(slot: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let gap = slot;
    for (let next = (slot + 1) & mask; slots[next] !== 0; next = (next + 1) & mask) {
      const home = this.#entries[(slots[next]! - 1) * ENTRY_WORDS + HASH]! & mask;
      if (((next - home) & mask) >= ((next - gap) & mask)) {
        slots[gap] = slots[next]!;
        gap = next;
      }
    }
    slots[gap] = 0;
  }

  #grow(): void {
    const entries = new Int32Array(this.#entries.length * 2);
    entries.set(this.#entries);
    const old = this.#slots;
    this.#entries = entries;
    this.#slots = new Int32Array(old.length * 2);
    this.#mask = this.#slots.length - 1;
    for (const taken of old) {
      if (taken === 0) continue;
      const slot = this.#freeSlot(entries[(taken - 1) * ENTRY_WORDS + HASH]!);
      if (slot >= 0) this.#slots[slot] = taken; // otherwise the entry is not found from now on
    }
  }
}
