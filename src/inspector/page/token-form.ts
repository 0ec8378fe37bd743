import { html, setAttribute, setText } from './elements.js';
import type { Secret } from './feed-link.js';
import { pastedKey } from './route.js';

const heads: Readonly<Record<Secret, string>> = {
  token: 'This router asks for a token',
  key: 'This page needs its key',
};

/** Asks for the token or key that the router requires. */
export class TokenForm {
  readonly element = html('form', { class: 'token', hidden: '', 'aria-label': 'Token' });
  readonly #head = html('h2');
  readonly #hints: Readonly<Record<Secret, HTMLElement>> = {
    token: html('p', {}, 'Its scopes must include ', html('code', {}, 'admin:/**'), '.'),
    key: html(
      'p',
      {},
      'Open the link that the router prints when it starts. It ends in ',
      html('code', {}, '/inspect/#key=…'),
      ' and changes at each start. You can also paste it here.',
    ),
  };
  readonly #field = html('input', { type: 'password', class: 'mono', autocomplete: 'off', spellcheck: 'false' });
  readonly #problem = html('p', { class: 'result is-problem', role: 'alert' });
  #needs: Secret = 'token';

  constructor(given: (needs: Secret, secret: string) => void) {
    this.element.append(
      this.#head,
      ...Object.values(this.#hints),
      html('div', { class: 'entry' }, this.#field, html('button', { type: 'submit', class: 'action primary' }, 'Open')),
      this.#problem,
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      const typed = this.#field.value.trim();
      if (typed === '') return;
      setText(this.#problem, '');
      given(this.#needs, this.#needs === 'key' ? pastedKey(typed) : typed);
    });
  }

  /** @param problem why the router refused the last one */
  ask(needs: Secret, problem: string | undefined): void {
    const wasHidden = this.element.hidden;
    this.#needs = needs;
    this.element.hidden = false;
    setText(this.#head, heads[needs]);
    for (const [name, hint] of Object.entries(this.#hints)) hint.hidden = name !== needs;
    const label = needs === 'token' ? 'Token' : 'Key';
    setAttribute(this.element, 'aria-label', label);
    setAttribute(this.#field, 'aria-label', label);
    setAttribute(this.#field, 'placeholder', needs === 'token' ? 'token' : 'link or key');
    setText(this.#problem, problem ?? '');
    if (wasHidden) this.#field.focus();
  }

  close(): void {
    this.element.hidden = true;
    this.#field.value = '';
  }
}
