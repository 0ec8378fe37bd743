import { blurAfterClick, html, ignoreHeldEnter, setText } from './elements.js';
import { readJson } from './typed-value.js';
import type { WriteValue } from './value-editor.js';

/** Form that sends an event to an address. */
export class EmitForm {
  readonly element = html('form', { class: 'emit', 'aria-label': 'Send an event' });
  readonly #address = html('input', {
    class: 'mono',
    placeholder: '/cue/go',
    'aria-label': 'Address of the event',
    autocomplete: 'off',
    spellcheck: 'false',
    autocapitalize: 'off',
  });
  readonly #value = html('input', {
    class: 'mono',
    placeholder: 'value, as JSON; may be empty',
    'aria-label': 'Value of the event',
    autocomplete: 'off',
    spellcheck: 'false',
    autocapitalize: 'off',
  });
  readonly #result = html('p', { class: 'result', role: 'status' });
  #isTyped = false;

  constructor(emit: WriteValue) {
    const fire = html('button', { type: 'submit', class: 'action' }, 'Send');
    this.element.append(
      html('h3', {}, 'Send an event'),
      this.#address,
      html('div', { class: 'entry' }, this.#value, fire),
      this.#result,
    );
    this.#address.addEventListener('input', () => {
      this.#isTyped = this.#address.value !== '';
    });
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#fire(emit);
    });
    blurAfterClick(this.element);
    ignoreHeldEnter(this.element);
  }

  /** Suggests an address, unless the user has typed one. */
  suggest(address: string): void {
    if (!this.#isTyped) this.#address.value = address;
  }

  async #fire(emit: WriteValue): Promise<void> {
    const address = this.#address.value.trim();
    const typed = readJson(this.#value.value);
    if (!address.startsWith('/')) this.#say('An address must begin with a slash, for example /cue/go.', true);
    else if (!typed.ok) this.#say(typed.problem, true);
    else {
      const problem = await emit(address, typed.value);
      this.#say(problem ?? 'Fired.', problem !== undefined);
    }
  }

  #say(text: string, isProblem: boolean): void {
    setText(this.#result, text);
    this.#result.classList.toggle('is-problem', isProblem);
  }
}
