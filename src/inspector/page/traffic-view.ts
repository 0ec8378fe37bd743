import type { FeedMessage, TrafficLine } from '../feed.js';
import { button, html, setAttribute, setText } from './elements.js';
import type { Page, PageView } from './page.js';
import { PatternField } from './pattern-field.js';
import { countText, timeText, valueText } from './plain-text.js';
import { EVERYTHING, type Route } from './route.js';
import { trafficKinds, TrafficLog } from './traffic-log.js';
import { type Row, VirtualList } from './virtual-list.js';

interface Numbered {
  readonly line: TrafficLine;
  readonly key: string;
}

/** View of messages as they arrive. */
export class TrafficView implements PageView {
  readonly element = html('section', { class: 'view traffic', 'aria-label': 'Traffic' });
  readonly #page: Page;
  readonly #log = new TrafficLog();
  readonly #kinds = new Set<string>();
  readonly #field: PatternField;
  readonly #rate = html('span', { class: 'count', role: 'status' });
  readonly #hold = button('Pause', () => this.#setHeld(!this.#log.isHeld), {
    class: 'action hold',
    title: 'Pause (p)',
  });
  readonly #empty = html('p', { class: 'empty' }, 'No messages yet.');
  readonly #keys = new WeakMap<TrafficLine, string>();
  readonly #list: VirtualList<Numbered>;
  #lastKey = 0;
  #pattern = EVERYTHING;
  #isInSight = false;

  constructor(page: Page) {
    this.#page = page;
    this.#field = new PatternField('Filter traffic by address', (pattern) => page.go({ view: 'traffic', pattern }));
    this.#list = new VirtualList<Numbered>({
      label: 'Messages',
      role: 'grid',
      rowHeight: { wide: 32, card: 64 },
      head: trafficHead(),
      key: ({ key }) => key,
      row: trafficRow,
      chosen: () => this.#setHeld(true),
    });
    const clear = button('Clear', () => {
      this.#log.clear();
      this.#update();
    });
    clear.classList.add('action');
    this.element.append(
      html('div', { class: 'toolbar' }, this.#field.element, this.#chips(), this.#hold, clear, this.#rate),
      html('div', { class: 'list-frame' }, this.#list.element, this.#empty),
    );
    // Scrolling up pauses the view, so that the lines do not move while the user reads.
    this.#list.element.addEventListener('wheel', ({ deltaY }) => {
      if (deltaY < 0) this.#setHeld(true);
    });
    this.#list.element.addEventListener('touchmove', () => {
      if (!this.#list.isAtEnd) this.#setHeld(true);
    });
  }

  show(route: Route): void {
    const pattern = route.view === 'traffic' ? route.pattern : EVERYTHING;
    this.#field.show(pattern);
    if (this.#isInSight && pattern === this.#pattern) return;
    this.#isInSight = true;
    this.#pattern = pattern;
    // The lines belong to another pattern, or to the time before the view was left.
    this.#log.clear();
    this.#setHeld(false);
    this.#page.link.watch({ type: 'watch', view: 'traffic', pattern });
  }

  hide(): void {
    this.#isInSight = false;
    this.#field.rest();
    this.#page.link.unwatch('traffic');
  }

  renewed(): void {
    // A lost connection keeps the lines and the pause.
  }

  welcomed(): void {
    // Nothing here depends on permissions.
  }

  received(message: FeedMessage): void {
    if (message.type !== 'traffic' || (message.pattern ?? this.#pattern) !== this.#pattern) return;
    this.#log.apply(message, performance.now());
    if (!this.element.hidden) this.#update();
  }

  ticked(): void {
    this.#drawRate();
  }

  focusFilter(): void {
    this.#field.focus();
  }

  focusList(): void {
    this.#list.element.focus();
  }

  pressed(key: string): boolean {
    if (key === 'p') this.#setHeld(!this.#log.isHeld);
    return key === 'p';
  }

  close(): boolean {
    if (this.#log.isHeld) this.#setHeld(false);
    else if (this.#pattern !== EVERYTHING) this.#page.go({ view: 'traffic', pattern: EVERYTHING });
    else return false;
    return true;
  }

  #setHeld(isHeld: boolean): void {
    this.#log.hold(isHeld);
    if (!isHeld) this.#list.choose(undefined);
    this.#update();
  }

  #update(): void {
    const lines = this.#log.lines(this.#kinds);
    this.#list.setItems(lines.map((line) => ({ line, key: this.#keyOf(line) })));
    if (!this.#log.isHeld) this.#list.scrollToEnd();
    this.#empty.hidden = lines.length > 0;
    this.#drawRate();
  }

  #keyOf(line: TrafficLine): string {
    const key = this.#keys.get(line) ?? String(++this.#lastKey);
    this.#keys.set(line, key);
    return key;
  }

  #drawRate(): void {
    const { seen, shown } = this.#log.rate(performance.now());
    const sampled = seen > shown ? `, ${countText(shown)} of them shown` : '';
    setText(this.#rate, `${countText(seen)} msg/s${sampled}`);
    const { isHeld, newer } = this.#log;
    setText(this.#hold, isHeld ? (newer > 0 ? `Resume, ${countText(newer)} newer` : 'Resume') : 'Pause');
    setAttribute(this.#hold, 'aria-pressed', String(isHeld));
  }

  #chips(): HTMLElement {
    const chips = trafficKinds.map((kind) => {
      const chip = button(
        kind,
        () => {
          if (!this.#kinds.delete(kind)) this.#kinds.add(kind);
          chip.setAttribute('aria-pressed', String(this.#kinds.has(kind)));
          this.#update();
        },
        { class: `chip kind-${kind}`, 'aria-pressed': 'false' },
      );
      return chip;
    });
    return html('div', { class: 'chips', role: 'group', 'aria-label': 'Kinds' }, ...chips);
  }
}

function trafficHead(): HTMLElement {
  const labels = ['Time', 'From', 'Kind', 'Address', 'Value', ''];
  const cells = labels.map((label) => html('span', { role: 'columnheader' }, label));
  return html('div', { class: 'traffic-cells list-head', role: 'row' }, ...cells);
}

function trafficRow(): Row<Numbered> {
  const cell = (name: string): HTMLElement => html('span', { class: `cell-${name}`, role: 'gridcell' });
  const cells = {
    time: cell('time'),
    from: cell('from'),
    kind: cell('kind'),
    address: cell('address'),
    value: cell('value'),
    note: cell('note'),
  };
  const address = html('span', { class: 'text' });
  const more = html('span', { class: 'more' });
  cells.address.append(address, more);
  return {
    element: html('div', { class: 'traffic-cells' }, ...Object.values(cells)),
    show({ line }) {
      setText(cells.time, timeText(line.atMs));
      setText(cells.from, line.from);
      setText(cells.kind, line.kind);
      setAttribute(cells.kind, 'class', `cell-kind kind-${trafficKinds.find((kind) => kind === line.kind) ?? 'other'}`);
      setText(address, line.address);
      setText(more, line.more === undefined ? '' : ` +${line.more}`);
      setText(cells.value, line.value === undefined ? '' : valueText(line.value));
      setText(cells.note, line.note ?? '');
    },
  };
}
