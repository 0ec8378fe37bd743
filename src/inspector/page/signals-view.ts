import type { FeedMessage, View } from '../feed.js';
import { html, setText } from './elements.js';
import type { Page, PageView } from './page.js';
import { PatternField } from './pattern-field.js';
import { countText, numberOf } from './plain-text.js';
import { EVERYTHING, type Route } from './route.js';
import { Samples } from './samples.js';
import { SignalPanel } from './signal-panel.js';
import { signalHead, signalRow } from './signal-row.js';
import { SignalTree, type TreeLine } from './signal-tree.js';
import { VirtualList } from './virtual-list.js';

/** View of the params, as a tree of their addresses. */
export class SignalsView implements PageView {
  readonly element = html('section', { class: 'view signals', 'aria-label': 'Signals' });
  readonly #page: Page;
  readonly #tree = new SignalTree();
  readonly #samples = new Samples();
  readonly #field: PatternField;
  readonly #count = html('span', { class: 'count', role: 'status' });
  readonly #empty = html('p', { class: 'empty' });
  readonly #list: VirtualList<TreeLine>;
  readonly #panel: SignalPanel;
  #pattern = EVERYTHING;
  #chosen: string | undefined;
  /** The next message replaces the whole content. Clearing it earlier would make the list flicker. */
  #isStale = false;
  #isInSight = false;

  constructor(page: Page) {
    this.#page = page;
    this.#field = new PatternField('Filter signals by address', (pattern) => page.go({ view: 'signals', pattern }));
    this.#list = new VirtualList<TreeLine>({
      label: 'Signals',
      role: 'treegrid',
      rowHeight: { wide: 38, card: 64 },
      head: signalHead(),
      key: ({ path }) => path,
      row: () => signalRow(this.#samples, () => page.nowMs()),
      opened: (line, by) => {
        this.#open(line, by);
      },
      chosen: (line) => {
        if (line?.signal !== undefined) this.#choose(line.path);
      },
      pressed: (key, line) => this.#fold(key, line),
    });
    this.#panel = new SignalPanel(page, this.#samples, () => {
      this.#choose(undefined);
      this.#list.element.focus();
    });
    this.element.append(
      html('div', { class: 'toolbar' }, this.#field.element, this.#count),
      html('div', { class: 'list-frame' }, this.#list.element, this.#empty),
      this.#panel.element,
    );
  }

  show(route: Route): void {
    const pattern = route.view === 'signals' ? route.pattern : EVERYTHING;
    this.#field.show(pattern);
    if (this.#isInSight && pattern === this.#pattern) return;
    this.#isInSight = true;
    this.#pattern = pattern;
    this.#page.link.watch({ type: 'watch', view: 'signals', pattern });
  }

  hide(): void {
    this.#isInSight = false;
    this.#field.rest();
    this.#page.link.unwatch('signals');
  }

  renewed(view: View): void {
    if (view === 'signals') this.#isStale = true;
  }

  welcomed(): void {
    this.#panel.permit();
  }

  received(message: FeedMessage): void {
    if (message.type !== 'signals' || (message.pattern ?? this.#pattern) !== this.#pattern) return;
    if (this.#isStale) this.#tree.clear();
    this.#isStale = false;
    this.#tree.apply(message);
    for (const address of message.removed) this.#samples.forget(address);
    for (const { address, value } of message.rows) {
      const number = numberOf(value);
      if (number !== undefined) this.#samples.add(address, message.nowMs, number);
    }
    const { total, isCut } = message;
    const cut = isCut ? '; the first are shown, use a narrower filter for the others' : '';
    setText(this.#count, `${countText(total)} signals${cut}`);
    this.#update();
  }

  ticked(): void {
    this.#list.refresh();
    this.#panel.draw();
  }

  focusFilter(): void {
    this.#field.focus();
  }

  focusList(): void {
    this.#list.element.focus();
  }

  pressed(): boolean {
    return false;
  }

  close(): boolean {
    if (this.#chosen !== undefined) this.#choose(undefined);
    else if (this.#pattern !== EVERYTHING) this.#page.go({ view: 'signals', pattern: EVERYTHING });
    else return false;
    this.#list.element.focus();
    return true;
  }

  #update(): void {
    const lines = this.#tree.lines();
    this.#list.setItems(lines);
    this.#empty.hidden = lines.length > 0;
    setText(
      this.#empty,
      this.#pattern === EVERYTHING ? 'There are no signals yet.' : `No signal matches ${this.#pattern}.`,
    );
    if (this.#chosen === undefined) return;
    const signal = this.#tree.signalAt(this.#chosen);
    if (signal === undefined) this.#panel.showRemoved();
    else this.#panel.show(signal);
  }

  #open(line: TreeLine, by: 'key' | 'pointer'): void {
    if (line.signal === undefined) return this.#setFolded(line, !line.isFolded);
    this.#choose(line.path);
    if (by === 'key') this.#panel.focus();
  }

  #fold(key: string, line: TreeLine): boolean {
    if (!['ArrowLeft', 'ArrowRight', ' '].includes(key) || line.below === 0) return false;
    this.#setFolded(line, key === ' ' ? !line.isFolded : key === 'ArrowLeft');
    return true;
  }

  #setFolded({ path }: TreeLine, isFolded: boolean): void {
    this.#tree.fold(path, isFolded);
    this.#update();
  }

  #choose(address: string | undefined): void {
    this.#chosen = address;
    this.element.classList.toggle('has-signal', address !== undefined);
    if (address === undefined) this.#list.choose(undefined);
    this.#panel.show(address === undefined ? undefined : this.#tree.signalAt(address));
  }
}
