const SHIFT = 10;
const PAGE_LENGTH = 1 << SHIFT;

/**
 * An array that grows by pages of 1,024 elements. A large plain array copies all of its elements now and then: with a
 * million of them, the longest of these copies took 34 ms.
 */
export class PagedArray<T> {
  readonly #pages: (T[] | undefined)[] = [];
  readonly #initial: T;

  /** @param initial element at each index that was not set */
  constructor(initial: T) {
    this.#initial = initial;
  }

  get(index: number): T {
    const page = this.#pages[index >>> SHIFT];
    return page === undefined ? this.#initial : page[index & (PAGE_LENGTH - 1)]!; // a page has all its elements
  }

  set(index: number, element: T): void {
    const page = (this.#pages[index >>> SHIFT] ??= new Array<T>(PAGE_LENGTH).fill(this.#initial));
    page[index & (PAGE_LENGTH - 1)] = element;
  }

  /** Sets an element to the initial one. */
  reset(index: number): void {
    const page = this.#pages[index >>> SHIFT];
    if (page !== undefined) page[index & (PAGE_LENGTH - 1)] = this.#initial;
  }
}
