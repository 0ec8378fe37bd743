import { html } from './elements.js';

/** A field for words that what is shown has to have. */
export class FilterField {
  readonly element: HTMLInputElement;

  /** @param changed at every letter */
  constructor(label: string, placeholder: string, changed: () => void) {
    this.element = html('input', {
      type: 'search',
      class: 'filter',
      placeholder,
      'aria-label': label,
      autocomplete: 'off',
      spellcheck: 'false',
    });
    this.element.addEventListener('input', changed);
  }

  get text(): string {
    return this.element.value;
  }

  /** Empties it, without a word. @returns whether there was something in it */
  clear(): boolean {
    const wasSet = this.text !== '';
    this.element.value = '';
    return wasSet;
  }

  focus(): void {
    this.element.focus();
    this.element.select();
  }
}
