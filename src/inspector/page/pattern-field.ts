import { html } from './elements.js';
import { EVERYTHING, typedPattern } from './route.js';

const SETTLE_MS = 250;

/** A field for a pattern of addresses, which takes a plain word as well. */
export class PatternField {
  readonly input: HTMLInputElement;
  readonly element: HTMLElement;
  #pattern = EVERYTHING;
  #timer: number | undefined;

  /** @param changed once typing has come to rest, at Enter, or when the field is left */
  constructor(label: string, changed: (pattern: string) => void) {
    this.input = html('input', {
      type: 'search',
      class: 'filter mono',
      placeholder: 'Address or word: /lights, dim, /a/*/b',
      'aria-label': label,
      autocomplete: 'off',
      spellcheck: 'false',
      autocapitalize: 'off',
    });
    this.element = this.input;
    const settle = (): void => {
      clearTimeout(this.#timer);
      const pattern = typedPattern(this.input.value);
      if (pattern === this.#pattern) return;
      this.#pattern = pattern;
      changed(pattern);
    };
    this.input.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(settle, SETTLE_MS);
    });
    this.input.addEventListener('keydown', ({ key }) => {
      if (key === 'Enter') settle();
    });
    // What comes next is meant for what was typed, and may lead elsewhere: later than this would be too late.
    this.input.addEventListener('blur', settle);
  }

  /** Shows the pattern, unless it is what was typed in other words. */
  show(pattern: string): void {
    this.#pattern = pattern;
    if (typedPattern(this.input.value) !== pattern) this.input.value = pattern === EVERYTHING ? '' : pattern;
  }

  /** It is out of sight: what has not come to rest by now was not meant. */
  rest(): void {
    clearTimeout(this.#timer);
    this.show(this.#pattern);
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }
}
