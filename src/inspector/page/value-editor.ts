import type { Json, SignalRow } from '../feed.js';
import { blurAfterClick, button, html, ignoreHeldEnter, setText } from './elements.js';
import { Fader } from './fader.js';
import { numberOf } from './plain-text.js';
import { isFader, readTyped, typedText } from './typed-value.js';

/** Sends a value. @returns what was wrong; undefined when it is done */
export type WriteValue = (address: string, value: Json | undefined) => Promise<string | undefined>;

/** Sets a param: a fader and a field for numbers, a switch for a bool, JSON for anything else. */
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
  /** What the router had said of the signal when the last write was sent: older than that write. */
  #outdated: SignalRow | undefined;
  /** What was sent last for this signal and is not answered; what was sent for another has no say here. */
  #underWay: object | undefined;
  /** Where the fader is meanwhile. */
  #waiting: number | undefined;
  /** How often something was typed; undefined while the field is as the router has it. */
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
      // They were meant for the other.
      this.#waiting = undefined;
      this.#underWay = undefined;
      this.#outdated = undefined;
      // What the fader is for is decided once: it must not vanish under a finger when somebody else writes 1.2.
      this.#fader.element.hidden = !isFader(kind, value);
      this.#fader.showOther(numberOf(value) ?? 0);
    }
    this.#toggle.hidden = !isToggle;
    this.#field.parentElement!.hidden = isToggle; // the entry around it
    this.#field.rows = kind === 'list' || kind === 'map' ? 5 : 1;
    this.#follow();
  }

  /**
   * Shows the signal's value in the controls, unless the router has said nothing of it since the last write: a control that went
   * back to the value before would send that with the next key or click.
   */
  #follow(): void {
    const signal = this.#signal;
    if (signal === undefined || signal === this.#outdated) return;
    const { kind, value } = signal;
    if (this.#underWay === undefined) {
      this.#showTurned(value === true);
      this.#fader.show(numberOf(value) ?? 0);
    }
    // What somebody types is theirs until it is sent.
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
    // Whoever has typed on meanwhile is not done with it.
    if (isDone && this.#typings === typings) this.#typings = undefined;
  }

  /** At once: pressed again before the router has answered, it has to turn back. */
  #turn(): void {
    const isOn = this.#toggle.getAttribute('aria-checked') !== 'true';
    this.#showTurned(isOn);
    void this.#sendAlone(isOn);
  }

  #showTurned(isOn: boolean): void {
    this.#toggle.setAttribute('aria-checked', String(isOn));
    setText(this.#toggle, isOn ? 'On' : 'Off');
  }

  /** In place of where the fader was: what is done last counts. */
  #sendAlone(value: Json): Promise<boolean> {
    this.#waiting = undefined;
    return this.#send(value);
  }

  /** One at a time: a router far away gets as many as it answers, and always the last. */
  #slide(value: number): void {
    if (this.#underWay !== undefined) this.#waiting = value;
    else void this.#send(value);
  }

  /** @returns whether it was done, and nothing else was sent, or chosen, meanwhile */
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
