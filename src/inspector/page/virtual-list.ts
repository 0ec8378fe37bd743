import { html, isTyping, narrow, setAttribute } from './elements.js';
import { movedBy, scrollFor, visibleRows } from './visible-rows.js';

/** The elements of a row, created once and reused for different items. */
export interface Row<T> {
  readonly element: HTMLElement;
  show(item: T): void;
}

export interface ListOptions<T> {
  readonly label: string;
  readonly role: 'grid' | 'treegrid' | 'listbox';
  /** In CSS pixels; `card` in the phone layout. */
  readonly rowHeight: { readonly wide: number; readonly card: number };
  /** Fixed above the rows. */
  readonly head?: HTMLElement;
  readonly key: (item: T) => string;
  readonly row: () => Row<T>;
  /** Runs on Enter and on a click. A click leaves the focus on the list. */
  readonly opened?: (item: T, by: 'key' | 'pointer') => void;
  readonly chosen?: (item: T | undefined) => void;
  /** Handles a key that does not move the selection. @returns whether it did */
  readonly pressed?: (key: string, item: T) => boolean;
}

let lists = 0;

/**
 * A list of any length that has elements only for visible rows. It is one Tab stop; arrow keys and j/k move inside.
 */
export class VirtualList<T> {
  readonly element: HTMLElement;
  readonly #options: ListOptions<T>;
  readonly #space = html('div', { class: 'list-space', role: 'rowgroup' });
  /**
   * The visible rows and their items. Until the next frame, an item can differ from the one that is now at its index.
   */
  readonly #placed = new Map<number, { readonly row: Row<T>; item: T }>();
  readonly #spare: Row<T>[] = [];
  readonly #id = `list-${++lists}`;
  #items: readonly T[] = [];
  #chosen: string | undefined;
  #isDue = false;

  constructor(options: ListOptions<T>) {
    this.#options = options;
    this.element = html('div', { class: 'list', role: options.role, tabindex: '0', 'aria-label': options.label });
    if (options.role === 'listbox') this.#space.setAttribute('role', 'presentation');
    this.element.append(...(options.head === undefined ? [] : [options.head]), this.#space);
    this.element.addEventListener('scroll', () => {
      this.#draw(); // at once: a frame later the gap would be visible
    });
    this.element.addEventListener('keydown', (event) => {
      if (!isTyping(event.target) && this.#press(event)) event.preventDefault();
    });
    this.#space.addEventListener('click', (event) => {
      this.#click(event.target);
    });
    narrow.addEventListener('change', () => {
      this.refresh();
    });
    new ResizeObserver(() => {
      this.refresh();
    }).observe(this.element);
  }

  /** Shows these items at the next frame. The selected item stays selected at its new index. */
  setItems(items: readonly T[]): void {
    this.#items = items;
    this.refresh();
  }

  /** Redraws the visible rows at the next frame. */
  refresh(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  choose(key: string | undefined): void {
    this.#chosen = key;
    this.refresh();
  }

  get isAtEnd(): boolean {
    return this.element.scrollTop + this.element.clientHeight >= this.element.scrollHeight - this.#rowHeight / 2;
  }

  scrollToEnd(): void {
    this.#space.style.height = `${this.#items.length * this.#rowHeight}px`;
    this.element.scrollTop = this.element.scrollHeight;
  }

  get #rowHeight(): number {
    const { wide, card } = this.#options.rowHeight;
    return narrow.matches ? card : wide;
  }

  get #viewHeight(): number {
    return this.element.clientHeight - (this.#options.head?.offsetHeight ?? 0);
  }

  #draw(): void {
    const { role, key } = this.#options;
    const rowHeight = this.#rowHeight;
    const height = `${this.#items.length * rowHeight}px`;
    if (this.#space.style.height !== height) this.#space.style.height = height;
    setAttribute(this.element, 'aria-rowcount', String(this.#items.length));
    const { first, end } = visibleRows(this.element.scrollTop, this.#viewHeight, rowHeight, this.#items.length);
    for (const [index, { row }] of this.#placed) {
      if (index >= first && index < end) continue;
      this.#placed.delete(index);
      row.element.hidden = true;
      this.#spare.push(row);
    }
    let active: string | undefined;
    for (let index = first; index < end; index++) {
      const item = this.#items[index]!; // visibleRows returns indexes below the count
      const placed = this.#placed.get(index) ?? this.#place(index, item);
      placed.item = item;
      const { row } = placed;
      const { element } = row;
      const isChosen = key(item) === this.#chosen;
      const top = `translateY(${index * rowHeight}px)`;
      if (element.style.transform !== top) element.style.transform = top;
      setAttribute(element, role === 'listbox' ? 'aria-posinset' : 'aria-rowindex', String(index + 1));
      setAttribute(element, 'aria-selected', String(isChosen));
      if (isChosen) active = element.id;
      row.show(item);
    }
    if (active === undefined) this.element.removeAttribute('aria-activedescendant');
    else setAttribute(this.element, 'aria-activedescendant', active);
  }

  #place(index: number, item: T): { readonly row: Row<T>; item: T } {
    const row = this.#spare.pop() ?? this.#make();
    row.element.hidden = false;
    const placed = { row, item };
    this.#placed.set(index, placed);
    return placed;
  }

  #make(): Row<T> {
    const row = this.#options.row();
    row.element.id = `${this.#id}-${this.#space.childElementCount}`;
    row.element.classList.add('list-row');
    row.element.setAttribute('role', this.#options.role === 'listbox' ? 'option' : 'row');
    this.#space.append(row.element);
    return row;
  }

  #chosenIndex(): number {
    return this.#items.findIndex((item) => this.#options.key(item) === this.#chosen);
  }

  #press(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const at = this.#chosenIndex();
    const page = Math.max(1, Math.floor(this.#viewHeight / this.#rowHeight) - 1);
    const to = movedBy(event.key, at, this.#items.length, page);
    if (to !== undefined) {
      this.#choose(this.#items[to]);
      this.element.scrollTop = scrollFor(to, this.element.scrollTop, this.#viewHeight, this.#rowHeight);
      return true;
    }
    const item = this.#items[at];
    if (item === undefined) return false;
    if (event.key === 'Enter' && event.target === this.element) {
      this.#options.opened?.(item, 'key');
      return true;
    }
    return this.#options.pressed?.(event.key, item) ?? false;
  }

  #click(target: EventTarget | null): void {
    for (const { row, item } of this.#placed.values()) {
      if (!(target instanceof Node) || !row.element.contains(target)) continue;
      this.#choose(item);
      this.#options.opened?.(item, 'pointer');
      return;
    }
  }

  #choose(item: T | undefined): void {
    this.#chosen = item === undefined ? undefined : this.#options.key(item);
    this.#options.chosen?.(item);
    this.refresh();
  }
}
