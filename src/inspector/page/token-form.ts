import { html, setText } from './elements.js';

/** Asks for a token on a router that wants one. */
export class TokenForm {
  readonly element = html('form', { class: 'token', hidden: '', 'aria-label': 'Token' });
  readonly #field = html('input', {
    type: 'password',
    class: 'mono',
    'aria-label': 'Token',
    placeholder: 'token',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  readonly #problem = html('p', { class: 'result is-problem', role: 'alert' });

  constructor(given: (token: string) => void) {
    this.element.append(
      html('h2', {}, 'This router asks for a token'),
      html('p', {}, 'It has to be one whose scopes include ', html('code', {}, 'admin:/**'), '.'),
      html('div', { class: 'entry' }, this.#field, html('button', { type: 'submit', class: 'action primary' }, 'Open')),
      this.#problem,
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      const token = this.#field.value.trim();
      if (token === '') return;
      setText(this.#problem, '');
      given(token);
    });
  }

  /** @param problem why the last one was not good */
  ask(problem: string | undefined): void {
    const wasHidden = this.element.hidden;
    this.element.hidden = false;
    setText(this.#problem, problem ?? '');
    if (wasHidden) this.#field.focus();
  }

  close(): void {
    this.element.hidden = true;
    this.#field.value = '';
  }
}
