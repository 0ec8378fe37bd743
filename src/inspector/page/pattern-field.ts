import { html } from './elements.js';
import { EVERYTHING, typedPattern } from './route.js';

const SETTLE_MS = 250;

/** Input field for an address pattern or a plain word. */
export class PatternField {
  readonly input: HTMLInputElement;
  readonly element: HTMLElement;
  #pattern = EVERYTHING;
  #timer: number | undefined;

  /** @param changed runs after a typing pause, at Enter, and on blur */
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
    // Applies the input on blur, because the next action expects it and can lead to another view.
    this.input.addEventListener('blur', settle);
  }

  /** Shows the pattern, unless the input already means the same pattern. */
  show(pattern: string): void {
    this.#pattern = pattern;
    if (typedPattern(this.input.value) !== pattern) this.input.value = pattern === EVERYTHING ? '' : pattern;
  }

  /** Discards a pending change when the field is hidden. */
  rest(): void {
    clearTimeout(this.#timer);
    this.show(this.#pattern);
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }
}
