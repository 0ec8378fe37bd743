import type { SignalRow } from '../feed.js';
import { html, setAttribute, setText, svg } from './elements.js';
import { ageText, countText, signalText } from './plain-text.js';
import type { Samples } from './samples.js';
import type { TreeLine } from './signal-tree.js';
import type { Row } from './virtual-list.js';

const SPARK = { width: 120, height: 24 } as const;

const columns = [
  ['address', 'Address'],
  ['value', 'Value'],
  ['spark', 'Last 30 s'],
  ['kind', 'Type'],
  ['revision', 'Rev'],
  ['writer', 'Writer'],
  ['lock', 'Lock'],
  ['age', 'Age'],
  ['subscribers', 'Subs'],
] as const;

export function signalHead(): HTMLElement {
  const cells = columns.map(([name, label]) => html('span', { class: `cell-${name}`, role: 'columnheader' }, label));
  return html('div', { class: 'signal-cells list-head', role: 'row' }, ...cells);
}

/** A line of the tree: a signal, or a segment without one. */
export function signalRow(samples: Samples, nowMs: () => number): Row<TreeLine> {
  const cell = (name: string): HTMLElement => html('span', { class: `cell-${name}`, role: 'gridcell' });
  const fold = html('span', { class: 'fold', 'aria-hidden': 'true' });
  const segment = html('span', { class: 'segment' });
  const below = html('span', { class: 'below' });
  const address = html('span', { class: 'cell-address', role: 'gridcell' }, fold, segment, below);
  const line = svg('path', { class: 'spark-line' });
  const picture = { viewBox: `0 -1 ${SPARK.width} ${SPARK.height + 2}`, 'aria-hidden': 'true' };
  const spark = html('span', { class: 'cell-spark', role: 'gridcell' }, svg('svg', picture, line));
  const cells = {
    value: cell('value'),
    kind: cell('kind'),
    revision: cell('revision'),
    writer: cell('writer'),
    lock: cell('lock'),
    age: cell('age'),
    subscribers: cell('subscribers'),
  };
  const { value, ...others } = cells;
  const showSignal = (signal: SignalRow | undefined): void => {
    setText(value, signal === undefined ? '' : signalText(signal, 80));
    setText(cells.kind, signal?.kind ?? '');
    setText(cells.revision, signal === undefined ? '' : countText(signal.revision));
    setText(cells.writer, signal?.writer ?? '');
    setText(cells.lock, signal?.lockedBy ?? '');
    setText(cells.age, signal === undefined ? '' : ageText(nowMs() - signal.writtenMs));
    setText(cells.subscribers, signal === undefined ? '' : countText(signal.subscribers));
  };
  const element = html('div', { class: 'signal-cells' }, address, value, spark, ...Object.values(others));
  return {
    element,
    show({ path, segment: name, level, signal, below: count, isFolded }) {
      setText(segment, name === '' ? '/' : name);
      setAttribute(address, 'title', path);
      address.style.paddingInlineStart = `${Math.min(level - 1, 12) * 18}px`;
      setText(fold, count === 0 ? '' : isFolded ? '▸' : '▾');
      setText(below, count === 0 ? '' : String(count));
      setAttribute(element, 'aria-level', String(level));
      if (count > 0) setAttribute(element, 'aria-expanded', String(!isFolded));
      else element.removeAttribute('aria-expanded');
      element.classList.toggle('is-branch', signal === undefined);
      showSignal(signal);
      setAttribute(line, 'd', signal === undefined ? '' : samples.path(path, nowMs(), SPARK.width, SPARK.height));
    },
  };
}
