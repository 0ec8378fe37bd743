import type { FeedMessage, SessionRow } from '../feed.js';
import { button, html, setAttribute, setText } from './elements.js';
import { FilterField } from './filter-field.js';
import type { Page, PageView } from './page.js';
import { ageText, bytesText, countText } from './plain-text.js';
import { firstOrder, type SessionColumn, type SessionOrder } from './session-table.js';
import { toneClass, toneOf } from './tone.js';
import { type Row, VirtualList } from './virtual-list.js';

const columns: readonly (readonly [SessionColumn, string, string])[] = [
  ['state', 'State', 'text'],
  ['name', 'Name', 'text'],
  ['transport', 'Transport', 'text'],
  ['address', 'Address', 'text'],
  ['since', 'Since', 'number'],
  ['in', 'In /s', 'number'],
  ['out', 'Out /s', 'number'],
  ['queue', 'Queue', 'number'],
  ['error', 'Last error', 'text'],
];

/** View of all sessions: name, transport, state and rates. */
export class SessionsView implements PageView {
  readonly element = html('section', { class: 'view sessions', 'aria-label': 'Sessions' });
  readonly #page: Page;
  readonly #filter = new FilterField('Filter sessions', 'Filter by name, address, state, error', () => {
    this.#update();
  });
  readonly #states = html('div', { class: 'chips', role: 'group', 'aria-label': 'States' });
  readonly #chips = new Map<string, HTMLButtonElement>();
  readonly #count = html('span', { class: 'count', role: 'status' });
  readonly #empty = html('p', { class: 'empty' });
  readonly #heads = new Map<SessionColumn, HTMLButtonElement>();
  readonly #list: VirtualList<SessionRow>;
  #order: SessionOrder = firstOrder('name');
  #state: string | undefined;

  constructor(page: Page) {
    this.#page = page;
    this.#list = new VirtualList<SessionRow>({
      label: 'Sessions',
      role: 'grid',
      rowHeight: { wide: 42, card: 124 },
      head: this.#head(),
      key: ({ id }) => id,
      row: () => sessionRow(() => page.nowMs()),
      opened: ({ actor }) => page.go({ view: 'chart', actor }),
    });
    this.element.append(
      html('div', { class: 'toolbar' }, this.#filter.element, this.#states, this.#count),
      html('div', { class: 'list-frame' }, this.#list.element, this.#empty),
    );
  }

  show(): void {
    this.#update();
  }

  hide(): void {
    // The sessions stay watched, because the top bar counts them.
  }

  renewed(): void {
    // The owner of the table clears it.
  }

  welcomed(): void {
    this.#update();
  }

  received({ type }: FeedMessage): void {
    if (type === 'sessions' && !this.element.hidden) this.#update();
  }

  ticked(): void {
    this.#list.refresh();
  }

  focusFilter(): void {
    this.#filter.focus();
  }

  focusList(): void {
    this.#list.element.focus();
  }

  pressed(): boolean {
    return false;
  }

  close(): boolean {
    if (!this.#filter.clear() && this.#state === undefined) return false;
    this.#state = undefined;
    this.#update();
    return true;
  }

  #update(): void {
    const { sessions } = this.#page;
    const totals = sessions.totals();
    this.#drawStates(totals.states);
    const rows = sessions.visible(this.#filter.text, this.#state, this.#order);
    this.#list.setItems(rows);
    setText(
      this.#count,
      rows.length === totals.sessions ? `${rows.length} sessions` : `${rows.length} of ${totals.sessions} sessions`,
    );
    this.#empty.hidden = rows.length > 0;
    setText(this.#empty, totals.sessions === 0 ? 'No sessions yet.' : 'No session matches. Esc clears the filter.');
    for (const [column, head] of this.#heads) {
      const isOrder = this.#order.column === column;
      setAttribute(head, 'aria-pressed', String(isOrder));
      setAttribute(head, 'data-order', isOrder ? (this.#order.descending ? '↓' : '↑') : '');
    }
  }

  #drawStates(states: ReadonlyMap<string, number>): void {
    const names = [
      ...states.keys(),
      ...(this.#state === undefined || states.has(this.#state) ? [] : [this.#state]),
    ].sort();
    // Existing chips are not touched: one can have the focus, or be under a pointer.
    for (const [state, chip] of this.#chips) {
      if (names.includes(state)) continue;
      chip.remove();
      this.#chips.delete(state);
    }
    for (const [index, state] of names.entries()) {
      const chip = this.#chips.get(state) ?? this.#chip(state);
      if (chip !== this.#states.children[index]) this.#states.insertBefore(chip, this.#states.children[index] ?? null);
      setText(chip, `${state} ${states.get(state) ?? 0}`);
      setAttribute(chip, 'aria-pressed', String(this.#state === state));
    }
  }

  #chip(state: string): HTMLButtonElement {
    const press = (): void => {
      this.#state = this.#state === state ? undefined : state;
      this.#update();
    };
    const chip = button(state, press, { class: `chip ${toneClass(toneOf(state))}` });
    this.#chips.set(state, chip);
    return chip;
  }

  #head(): HTMLElement {
    const head = html('div', { class: 'session-cells list-head', role: 'row' });
    for (const [column, label, kind] of columns) {
      const press = (): void => {
        const { column: chosen, descending } = this.#order;
        this.#order = chosen === column ? { column, descending: !descending } : firstOrder(column);
        this.#update();
      };
      const made = button(label, press, { class: `cell-${column} ${kind}`, title: `Sort by ${label.toLowerCase()}` });
      this.#heads.set(column, made);
      head.append(html('span', { role: 'columnheader', class: `cell-${column}` }, made));
    }
    return head;
  }
}

function sessionRow(nowMs: () => number): Row<SessionRow> {
  const cell = (name: string, label = ''): HTMLElement =>
    html('span', { class: `cell-${name}`, role: 'gridcell', ...(label === '' ? {} : { 'data-label': label }) });
  const cells = {
    state: cell('state'),
    name: cell('name'),
    transport: cell('transport'),
    address: cell('address'),
    since: cell('since'),
    in: cell('in', 'in'),
    out: cell('out', 'out'),
    queue: cell('queue', 'queue'),
    error: cell('error'),
  };
  const badge = html('span');
  cells.state.append(badge);
  return {
    element: html('div', { class: 'session-cells' }, ...Object.values(cells)),
    show(row) {
      setText(badge, row.state);
      setAttribute(badge, 'class', toneClass(toneOf(row.state)));
      setText(cells.name, row.name === '' ? row.id : row.name);
      setAttribute(cells.name, 'title', row.subject === undefined ? row.name : `${row.name} (${row.subject})`);
      setText(cells.transport, row.transport);
      setText(cells.address, row.remoteAddress);
      setText(cells.since, ageText(nowMs() - row.sinceMs));
      setText(cells.in, countText(row.messagesIn));
      setText(cells.out, countText(row.messagesOut));
      setText(cells.queue, row.queueBytes === 0 ? '0' : bytesText(row.queueBytes));
      cells.queue.classList.toggle('is-high', row.queueBytes > 0);
      const error = row.lastError;
      setText(cells.error, error === undefined ? '' : `${error.code} ${error.text}`);
      setAttribute(cells.error, 'title', error === undefined ? '' : `${ageText(nowMs() - error.atMs)} ago`);
    },
  };
}
