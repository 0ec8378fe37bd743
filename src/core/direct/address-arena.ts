import { copyWords, hashWords } from '../../protocol/bytes/words.js';

const PAGE_BYTES = 65_536;
/** Positions are multiples of this, so that 31 bits address 16 GiB. */
const UNIT_BYTES = 8;
const UNITS_PER_PAGE = PAGE_BYTES / UNIT_BYTES;
const UNIT_SHIFT = Math.log2(UNIT_BYTES);
const PAGE_SHIFT = Math.log2(UNITS_PER_PAGE);

/** The word before the bytes: a number, and above it a tag. */
const HEAD_BYTES = 4;
const NUMBER_BITS = 28;
const NUMBER_MASK = (1 << NUMBER_BITS) - 1;

/** Released bytes that are accepted. */
const MAX_RELEASED_BYTES = 1_048_576;

/**
 * Stores addresses in pages, each with its length as in a frame, a number below 2^28 and a tag of 0 to 7. Released
 * space is used again for addresses of the same length in units. If more space is released than in use, the user must
 * move the entries: {@link beginMove}, {@link move} for each entry, {@link endMove}.
 */
export class AddressArena {
  readonly #pages: (DataView | undefined)[] = [];
  /** Pages whose entries must be moved, by index. */
  readonly #leaving = new Set<number>();
  /** Indexes without a page. */
  readonly #vacant: number[] = [];
  /** Index of the page with free space, and its next free unit. */
  #page = 0;
  #unit = UNITS_PER_PAGE;
  /** The last released position by length in units, or undefined. Its head has the one before it, plus one. */
  #released: (number | undefined)[] = [];
  #releasedUnits = 0;

  /** Whether most of the space is released: addresses of all lengths in turn would otherwise never use it again. */
  get isSparse(): boolean {
    const released = this.#releasedUnits;
    return released * UNIT_BYTES > MAX_RELEASED_BYTES && released > (this.#used * UNITS_PER_PAGE) / 2;
  }

  /** Bytes of all pages. */
  get bytes(): number {
    return (this.#used + this.#leaving.size) * PAGE_BYTES;
  }

  /** Pages that are not left. */
  get #used(): number {
    return this.#pages.length - this.#vacant.length - this.#leaving.size;
  }

  /** Stores a copy of an address with its length before it. Returns its position. */
  store(view: DataView, start: number, end: number, number: number, tag: number): number {
    const position = this.#allocate(unitsOf(end - start));
    const page = this.#pageOf(position);
    const at = offsetOf(position);
    page.setInt32(at, number | (tag << NUMBER_BITS), true);
    copyWords(page, at + HEAD_BYTES, view, start, end);
    return position;
  }

  /** Returns the number and the tag, for {@link numberOf} and {@link tagOf}. */
  headAt(position: number): number {
    return this.#pageOf(position).getInt32(offsetOf(position), true);
  }

  /** Returns the hash of the address with its tag. */
  hashAt(position: number, seed: number): number {
    const start = offsetOf(position) + HEAD_BYTES;
    const page = this.#pageOf(position);
    return hashWords(page, start, start + lengthAt(page, start), seed) ^ tagOf(this.headAt(position));
  }

  /** Returns whether the address at a position is `view[start, end)`, with its length before it. */
  equals(position: number, view: DataView, start: number, end: number): boolean {
    const page = this.#pageOf(position);
    let at = offsetOf(position) + HEAD_BYTES;
    const last = end - 4;
    if (last < start) {
      for (let i = start; i < end; i++) if (view.getUint8(i) !== page.getUint8(at++)) return false;
      return true;
    }
    // The first word has the length: if it is equal, the stored bytes are as many.
    const lastAt = at + last - start;
    for (let i = start; i < last; i += 4, at += 4) {
      if (view.getInt32(i, true) !== page.getInt32(at, true)) return false;
    }
    return view.getInt32(last, true) === page.getInt32(lastAt, true);
  }

  release(position: number): void {
    if (this.#leaving.has(position >>> PAGE_SHIFT)) return; // its page is removed anyway
    const page = this.#pageOf(position);
    const at = offsetOf(position);
    const units = unitsOf(lengthAt(page, at + HEAD_BYTES));
    page.setUint32(at, (this.#released[units] ?? -1) + 1, true);
    this.#released[units] = position;
    this.#releasedUnits += units;
  }

  /** Begins to move all entries to new pages. */
  beginMove(): void {
    for (const [index, page] of this.#pages.entries()) if (page !== undefined) this.#leaving.add(index);
    this.#released = [];
    this.#releasedUnits = 0;
    this.#unit = UNITS_PER_PAGE;
  }

  /** Moves the entry at a position, if it was stored before the move began. Returns its position. */
  move(position: number): number {
    if (!this.#leaving.has(position >>> PAGE_SHIFT)) return position;
    const start = offsetOf(position) + HEAD_BYTES;
    const page = this.#pageOf(position);
    const head = this.headAt(position);
    return this.store(page, start, start + lengthAt(page, start), numberOf(head), tagOf(head));
  }

  /** Removes the old pages. All entries were moved or released. */
  endMove(): void {
    for (const index of this.#leaving) {
      this.#pages[index] = undefined;
      this.#vacant.push(index);
    }
    this.#leaving.clear();
  }

  #pageOf(position: number): DataView {
    return this.#pages[position >>> PAGE_SHIFT]!; // the page of an entry exists
  }

  #allocate(units: number): number {
    const released = this.#released[units];
    if (released !== undefined) {
      const before = this.#pageOf(released).getUint32(offsetOf(released), true) - 1;
      this.#released[units] = before < 0 ? undefined : before;
      this.#releasedUnits -= units;
      return released;
    }
    if (this.#unit + units > UNITS_PER_PAGE) {
      this.#page = this.#vacant.pop() ?? this.#pages.length;
      this.#pages[this.#page] = new DataView(new ArrayBuffer(PAGE_BYTES));
      this.#unit = 0;
    }
    const position = (this.#page << PAGE_SHIFT) | this.#unit;
    this.#unit += units;
    return position;
  }
}

export function numberOf(head: number): number {
  return head & NUMBER_MASK;
}

export function tagOf(head: number): number {
  return head >>> NUMBER_BITS;
}

/** The length of an address with the two bytes of its length. */
function lengthAt(page: DataView, at: number): number {
  return 2 + page.getUint16(at);
}

/** @param length of an address with the two bytes of its length */
function unitsOf(length: number): number {
  return (HEAD_BYTES + length + UNIT_BYTES - 1) >>> UNIT_SHIFT;
}

function offsetOf(position: number): number {
  return (position & (UNITS_PER_PAGE - 1)) << UNIT_SHIFT;
}
