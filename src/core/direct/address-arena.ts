import { copyWords } from '../../protocol/bytes/words.js';

const PAGE_BYTES = 65_536;
/** Positions are multiples of this, so that 31 bits address 16 GiB. */
const UNIT_BYTES = 8;
const UNITS_PER_PAGE = PAGE_BYTES / UNIT_BYTES;
const UNIT_SHIFT = Math.log2(UNIT_BYTES);
const PAGE_SHIFT = Math.log2(UNITS_PER_PAGE);

/** Released bytes that are accepted. */
const MAX_RELEASED_BYTES = 1_048_576;

/**
 * Stores short byte strings in pages. Released space is used again for strings of the same length in units. If more
 * space is released than in use, the user must move the strings to another arena.
 */
export class AddressArena {
  readonly #pages: DataView[] = [];
  /** Next free unit of the last page. */
  #unit = UNITS_PER_PAGE;
  /** Released positions, by length in units. */
  readonly #released: (number[] | undefined)[] = [];
  #releasedUnits = 0;

  /** Whether most of the space is released: strings of all lengths in turn would otherwise never use it again. */
  get isSparse(): boolean {
    const released = this.#releasedUnits;
    return released * UNIT_BYTES > MAX_RELEASED_BYTES && released > (this.#pages.length * UNITS_PER_PAGE) / 2;
  }

  /** Bytes of all pages. */
  get bytes(): number {
    return this.#pages.length * PAGE_BYTES;
  }

  /** Stores a copy of `view[start, end)`, at most 65_536 bytes. Returns its position. */
  store(view: DataView, start: number, end: number): number {
    const position = this.#allocate(unitsOf(end - start));
    copyWords(this.#pages[position >>> PAGE_SHIFT]!, offsetOf(position), view, start, end);
    return position;
  }

  /** Returns whether the bytes at a position are `view[start, end)`. */
  equals(position: number, view: DataView, start: number, end: number): boolean {
    const page = this.#pages[position >>> PAGE_SHIFT]!;
    let at = offsetOf(position);
    const last = end - 4;
    if (last < start) {
      for (let i = start; i < end; i++) if (view.getUint8(i) !== page.getUint8(at++)) return false;
      return true;
    }
    for (let i = start; i < last; i += 4, at += 4) {
      if (view.getInt32(i, true) !== page.getInt32(at, true)) return false;
    }
    return view.getInt32(last, true) === page.getInt32(offsetOf(position) + last - start, true);
  }

  /** @param length of the stored bytes */
  release(position: number, length: number): void {
    const units = unitsOf(length);
    (this.#released[units] ??= []).push(position);
    this.#releasedUnits += units;
  }

  /** Stores a copy of a string in another arena. Returns its position there. */
  copyTo(other: AddressArena, position: number, length: number): number {
    const start = offsetOf(position);
    return other.store(this.#pages[position >>> PAGE_SHIFT]!, start, start + length);
  }

  #allocate(units: number): number {
    const released = this.#released[units]?.pop();
    if (released !== undefined) {
      this.#releasedUnits -= units;
      return released;
    }
    if (this.#unit + units > UNITS_PER_PAGE) {
      this.#pages.push(new DataView(new ArrayBuffer(PAGE_BYTES)));
      this.#unit = 0;
    }
    const position = ((this.#pages.length - 1) << PAGE_SHIFT) | this.#unit;
    this.#unit += units;
    return position;
  }
}

function unitsOf(length: number): number {
  return (length + UNIT_BYTES - 1) >>> UNIT_SHIFT;
}

function offsetOf(position: number): number {
  return (position & (UNITS_PER_PAGE - 1)) << UNIT_SHIFT;
}
