import type { SignalRow } from '../feed.js';
import { EmitForm } from './emit-form.js';
import { button, html, setAttribute, setText, svg } from './elements.js';
import type { Page } from './page.js';
import { ageText, bytesText, signalText } from './plain-text.js';
import type { Samples } from './samples.js';
import { ValueEditor } from './value-editor.js';

const SPARK = { width: 300, height: 72 } as const;

/** Panel beside the tree: details of one signal, an editor for it, and a form to send events. */
export class SignalPanel {
  readonly element = html('aside', { class: 'panel signal-panel', 'aria-label': 'The selected signal' });
  readonly #page: Page;
  readonly #samples: Samples;
  readonly #about = html('div', { class: 'about' });
  readonly #address = html('h2', { class: 'mono address', tabindex: '-1' });
  readonly #value = html('output', { class: 'value mono' });
  readonly #line = svg('path', { class: 'spark-line' });
  readonly #facts = html('dl', { class: 'figures' });
  readonly #hint = html('p', { class: 'hint' }, 'Select a signal to show its details.');
  readonly #readOnly = html('p', { class: 'hint' }, 'This router does not allow the page to write.');
  readonly #editor: ValueEditor;
  readonly #emit: EmitForm;
  readonly #removedHint = html(
    'p',
    { class: 'hint', hidden: '' },
    'This signal no longer exists, or is not in the list.',
  );
  #signal: SignalRow | undefined;

  /** @param closed runs when the user presses the close button */
  constructor(page: Page, samples: Samples, closed: () => void) {
    this.#page = page;
    this.#samples = samples;
    this.#editor = new ValueEditor((address, value) => page.link.write({ type: 'set', address, value }));
    this.#emit = new EmitForm((address, value) => page.link.write({ type: 'emit', address, value }));
    const picture = {
      class: 'big-spark',
      viewBox: `0 -2 ${SPARK.width} ${SPARK.height + 4}`,
      role: 'img',
      'aria-label': 'The last 30 seconds',
    };
    const close = button('×', closed, { class: 'close', 'aria-label': 'Close', title: 'Close (Esc)' });
    this.#about.append(
      html('header', {}, this.#address, close),
      this.#removedHint,
      this.#value,
      svg('svg', picture, this.#line),
      this.#facts,
      this.#editor.element,
    );
    this.element.append(this.#hint, this.#about, this.#readOnly, this.#emit.element);
    this.show(undefined);
    this.permit();
  }

  /** Shows the forms if the page may write. */
  permit(): void {
    this.#editor.element.hidden = !this.#page.mayWrite;
    this.#emit.element.hidden = !this.#page.mayWrite;
    this.#readOnly.hidden = this.#page.mayWrite;
  }

  show(signal: SignalRow | undefined): void {
    const isOther = signal?.address !== this.#signal?.address;
    this.#signal = signal;
    this.#about.hidden = signal === undefined;
    this.#hint.hidden = signal !== undefined;
    this.#removedHint.hidden = true;
    if (signal === undefined) return;
    setText(this.#address, signal.address);
    setText(this.#value, signalText(signal));
    this.#editor.show(signal);
    if (isOther) this.#emit.suggest(signal.address);
    this.draw();
  }

  /**
   * Marks the content as outdated. The forms stay: the user may be typing, and the next keys must not become
   * commands.
   */
  showRemoved(): void {
    this.#removedHint.hidden = false;
  }

  /** Updates what depends on time. */
  draw(): void {
    const signal = this.#signal;
    if (signal === undefined) return;
    const nowMs = this.#page.nowMs();
    setAttribute(this.#line, 'd', this.#samples.path(signal.address, nowMs, SPARK.width, SPARK.height));
    this.#showFacts(factsOf(signal, nowMs));
  }

  /** Moves the focus to the panel and not to a control: a key that should scroll must not write. */
  focus(): void {
    this.#address.focus();
  }

  #showFacts(facts: readonly (readonly [string, string])[]): void {
    if (this.#facts.childElementCount !== facts.length)
      this.#facts.replaceChildren(...facts.map(() => html('div', {}, html('dt'), html('dd'))));
    for (const [index, [name, value]] of facts.entries()) {
      const [term, description] = this.#facts.children[index]!.children; // one entry per fact, two elements each
      setText(term!, name);
      setText(description!, value);
    }
  }
}

function factsOf(signal: SignalRow, nowMs: number): readonly (readonly [string, string])[] {
  const { kind, byteLength, revision, writer, writtenMs, lockedBy, expiresMs, subscribers } = signal;
  return [
    ['type', `${kind}, ${bytesText(byteLength)}`],
    ['revision', String(revision)],
    ['written by', writer],
    ['age', ageText(nowMs - writtenMs)],
    ['subscribers', String(subscribers)],
    ['locked by', lockedBy ?? 'nobody'],
    ['expires', expiresMs === undefined ? 'never' : `in ${ageText(Math.max(0, expiresMs - nowMs))}`],
  ];
}
