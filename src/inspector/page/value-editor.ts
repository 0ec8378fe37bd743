import type { Json, SignalRow } from '../feed.js';
import { blurAfterClick, button, html, ignoreHeldEnter, setText } from './elements.js';
import { Fader } from './fader.js';
import { numberOf } from './plain-text.js';
import { isFader, readTyped, typedText } from './typed-value.js';

/** Sends a value. @returns the error text; undefined on success */
export type WriteValue = (address: string, value: Json | undefined) => Promise<string | undefined>;

/** Editor of a param: a fader and a field for numbers, a switch for a bool, JSON for other kinds. */
export class ValueEditor {
  readonly element = html('form', { class: 'editor', 'aria-label': 'Set the value' });
  readonly #write: WriteValue;
  readonly #fader = new Fader(
    (value) => {
      this.#slide(value);
    },
    () => {
      this.#follow();
    },
  );
  readonly #field = html('textarea', {
    class: 'mono',
    rows: '1',
    'aria-label': 'New value',
    spellcheck: 'false',
    autocapitalize: 'off',
  });
  readonly #toggle = button('', () => this.#turn(), { role: 'switch', class: 'switch' });
  readonly #set = html('button', { type: 'submit', class: 'action primary' }, 'Set');
  readonly #result = html('p', { class: 'result', role: 'status' });
  #signal: SignalRow | undefined;
  /** The signal as the router had sent it when the last write left: older than that write. */
  #outdated: SignalRow | undefined;
  /** The last unanswered write for this signal. Writes for other signals do not count. */
  #underWay: object | undefined;
  /** Latest position of the fader while a write is unanswered. */
  #waiting: number | undefined;
  /** Counts input events; undefined while the field shows the router's value. */
  #typings: number | undefined;

  constructor(write: WriteValue) {
    this.#write = write;
    this.element.append(
      this.#fader.element,
      this.#toggle,
      html('div', { class: 'entry' }, this.#field, this.#set),
      this.#result,
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener('input', () => {
      this.#typings = (this.#typings ?? 0) + 1;
    });
    this.#field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey) return;
      event.preventDefault();
      this.#submit();
    });
    blurAfterClick(this.element);
    ignoreHeldEnter(this.element);
  }

  show(signal: SignalRow): void {
    const isOther = signal.address !== this.#signal?.address;
    this.#signal = signal;
    const { kind, value } = signal;
    const isToggle = kind === 'bool';
    if (isOther) {
      setText(this.#result, '');
      this.#typings = undefined;
      // The pending input belongs to the previous signal.
      this.#waiting = undefined;
      this.#underWay = undefined;
      this.#outdated = undefined;
      // Whether a fader is shown is decided once per signal: it must not vanish during use when another session
      // writes 1.2.
      this.#fader.element.hidden = !isFader(kind, value);
      this.#fader.showOther(numberOf(value) ?? 0);
    }
    this.#toggle.hidden = !isToggle;
    this.#field.parentElement!.hidden = isToggle; // the label around it
    this.#field.rows = kind === 'list' || kind === 'map' ? 5 : 1;
    this.#follow();
  }

  /**
   * Shows the signal's value in the controls, unless the router has sent nothing since the last write: a control that
   * returned to the old value would send that value at the next key or click.
   */
  #follow(): void {
    const signal = this.#signal;
    if (signal === undefined || signal === this.#outdated) return;
    const { kind, value } = signal;
    if (this.#underWay === undefined) {
      this.#showTurned(value === true);
      this.#fader.show(numberOf(value) ?? 0);
    }
    // Input stays in the field until it is sent.
    const text = typedText(kind, value);
    if (this.#typings === undefined && this.#field.value !== text) this.#field.value = text;
  }

  #submit(): void {
    if (this.#signal === undefined) return;
    const typed = readTyped(this.#signal.kind, this.#field.value);
    if (typed.ok && typed.value !== undefined) void this.#sendTyped(typed.value);
    else this.#say(typed.ok ? 'A value is missing.' : typed.problem, true);
  }

  async #sendTyped(value: Json): Promise<void> {
    const typings = this.#typings;
    const isDone = await this.#sendAlone(value);
    // The user has typed on meanwhile, so the input stays.
    if (isDone && this.#typings === typings) this.#typings = undefined;
  }

  /** Toggles at once: a second press before the router's answer must toggle back. */
  #turn(): void {
    const isOn = this.#toggle.getAttribute('aria-checked') !== 'true';
    this.#showTurned(isOn);
    void this.#sendAlone(isOn);
  }

  #showTurned(isOn: boolean): void {
    this.#toggle.setAttribute('aria-checked', String(isOn));
    setText(this.#toggle, isOn ? 'On' : 'Off');
  }

  /** Replaces a pending fader position: the last action counts. */
  #sendAlone(value: Json): Promise<boolean> {
    this.#waiting = undefined;
    return this.#send(value);
  }

  /** One write at a time: a distant router gets as many as it answers, and always the last one. */
  #slide(value: number): void {
    if (this.#underWay !== undefined) this.#waiting = value;
    else void this.#send(value);
  }

  /** @returns whether the write succeeded, and no other write or selection happened meanwhile */
  async #send(value: Json): Promise<boolean> {
    if (this.#signal === undefined) return false;
    const sent = (this.#underWay = {});
    this.#outdated = this.#signal;
    const problem = await this.#write(this.#signal.address, value);
    if (this.#underWay !== sent) return false;
    this.#underWay = undefined;
    if (problem !== undefined) this.#outdated = undefined;
    this.#say(problem ?? 'Set.', problem !== undefined);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#follow();
    else void this.#send(waiting);
    return problem === undefined;
  }

  #say(text: string, isProblem: boolean): void {
    setText(this.#result, text);
    this.#result.classList.toggle('is-problem', isProblem);
  }
}
