import type { Json, SignalRow } from '../feed.js';
import { button, html, setText } from './elements.js';
import { numberOf } from './plain-text.js';
import { isFader, readTyped, typedText } from './typed-value.js';

/** Sends a value. @returns what was wrong; undefined when it is done */
export type WriteValue = (address: string, value: Json | undefined) => Promise<string | undefined>;

/** Sets a param: a fader and a field for numbers, a switch for a bool, JSON for anything else. */
export class ValueEditor {
  readonly element = html('form', { class: 'editor', 'aria-label': 'Set the value' });
  readonly #write: WriteValue;
  readonly #fader = html('input', { type: 'range', min: '0', max: '1', step: '0.001', 'aria-label': 'Fader' });
  readonly #field = html('textarea', {
    class: 'mono',
    rows: '1',
    'aria-label': 'New value',
    spellcheck: 'false',
    autocapitalize: 'off',
  });
  readonly #toggle = button('', () => void this.#send(this.#signal?.value !== true), {
    role: 'switch',
    class: 'switch',
  });
  readonly #set = html('button', { type: 'submit', class: 'action primary' }, 'Set');
  readonly #result = html('p', { class: 'result', role: 'status' });
  #signal: SignalRow | undefined;
  #isUnderWay = false;
  #waiting: number | undefined;
  #isDirty = false;

  constructor(write: WriteValue) {
    this.#write = write;
    this.element.append(
      html('label', { class: 'fader' }, this.#fader),
      this.#toggle,
      html('div', { class: 'entry' }, this.#field, this.#set),
      this.#result,
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener('input', () => {
      this.#isDirty = true;
    });
    this.#field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey) return;
      event.preventDefault();
      this.#submit();
    });
    this.#fader.addEventListener('input', () => {
      this.#slide(this.#fader.valueAsNumber);
    });
  }

  show(signal: SignalRow): void {
    const isOther = signal.address !== this.#signal?.address;
    this.#signal = signal;
    const { kind, value } = signal;
    const isToggle = kind === 'bool';
    if (isOther) {
      setText(this.#result, '');
      this.#isDirty = false;
      this.#waiting = undefined; // it was meant for the other
      // What the fader is for is decided once: it must not vanish under a finger when somebody else writes 1.2.
      this.#fader.parentElement!.hidden = !isFader(kind, value); // its label
    }
    this.#toggle.hidden = !isToggle;
    this.#field.parentElement!.hidden = isToggle; // the entry around it
    this.#toggle.setAttribute('aria-checked', String(value === true));
    setText(this.#toggle, value === true ? 'On' : 'Off');
    const isHeld = document.activeElement === this.#fader || this.#isUnderWay;
    if (!isHeld) this.#fader.value = String(numberOf(value) ?? 0);
    // What somebody types is theirs until it is sent.
    if (!this.#isDirty) this.#field.value = typedText(kind, value);
    this.#field.rows = kind === 'list' || kind === 'map' ? 5 : 1;
  }

  focus(): void {
    const fields = [this.#toggle, this.#fader, this.#field];
    fields.find((field) => !field.hidden && field.closest('[hidden]') === null)?.focus();
  }

  #submit(): void {
    if (this.#signal === undefined) return;
    const typed = readTyped(this.#signal.kind, this.#field.value);
    if (typed.ok && typed.value !== undefined) void this.#send(typed.value);
    else this.#say(typed.ok ? 'A value is missing.' : typed.problem, true);
  }

  /** One at a time: a router far away gets as many as it answers, and always the last. */
  #slide(value: number): void {
    if (this.#isUnderWay) this.#waiting = value;
    else void this.#send(value);
  }

  async #send(value: Json): Promise<void> {
    if (this.#signal === undefined) return;
    const { address } = this.#signal;
    this.#isUnderWay = true;
    const problem = await this.#write(address, value);
    this.#isUnderWay = false;
    if (address !== this.#signal.address) return;
    this.#isDirty = problem !== undefined && this.#isDirty;
    this.#say(problem ?? 'Set.', problem !== undefined);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) void this.#send(waiting);
  }

  #say(text: string, isProblem: boolean): void {
    setText(this.#result, text);
    this.#result.classList.toggle('is-problem', isProblem);
  }
}
