import { html } from './elements.js';

/** Input field for filter words. */
export class FilterField {
  readonly element: HTMLInputElement;

  /** @param changed runs at each input event */
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

  /** Clears the field without a change event. @returns whether it had content */
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
