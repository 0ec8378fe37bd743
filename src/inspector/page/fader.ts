import { html } from './elements.js';

/** Keys that move a slider. */
const slidingKeys = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End'];

/**
 * A slider from 0 to 1 for a value that other sessions change, too. It follows the value, except while a pointer or a
 * key holds it.
 *
 * A pointer removes the focus on release: a focused slider takes the keys that scroll (Page Down, End) as new values.
 * The slider is reachable with the Tab key, for use with the arrow keys.
 */
export class Fader {
  readonly element: HTMLElement;
  readonly #input = html('input', { type: 'range', min: '0', max: '1', step: '0.001', 'aria-label': 'Fader' });
  readonly #released: () => void;
  #holder: 'pointer' | 'key' | undefined;
  /** Whether the signal changed while the pointer was down. Its further moves are ignored. */
  #isDisowned = false;

  /**
   * @param slid receives the value at each step of a move
   * @param released runs when nothing holds the slider any more, so that it can follow the value again
   */
  constructor(slid: (value: number) => void, released: () => void) {
    this.#released = released;
    this.element = html('label', { class: 'fader' }, this.#input);
    this.#input.addEventListener('input', () => {
      if (!this.#isDisowned) slid(this.#input.valueAsNumber);
    });
    this.#input.addEventListener('pointerdown', () => {
      this.#holder = 'pointer';
    });
    // On the window: a pointer can leave the slider before it goes up.
    for (const end of ['pointerup', 'pointercancel'] as const) {
      window.addEventListener(end, () => {
        if (this.#holder !== 'pointer') return;
        this.#release();
        this.#input.blur();
      });
    }
    this.#input.addEventListener('keydown', ({ key }) => {
      if (this.#holder === undefined && slidingKeys.includes(key)) this.#holder = 'key';
    });
    this.#input.addEventListener('keyup', () => {
      if (this.#holder === 'key') this.#release();
    });
    this.#input.addEventListener('blur', () => {
      this.#release();
    });
  }

  /** Moves the slider to a value, unless a pointer or a key holds it. */
  show(value: number): void {
    if (this.#holder === undefined) this.#input.value = String(value);
  }

  /** Moves the slider to the value of another signal, even if it is held: the hold applied to the previous signal. */
  showOther(value: number): void {
    this.#isDisowned = this.#holder === 'pointer';
    if (this.#holder === 'key') this.#holder = undefined;
    this.#input.value = String(value);
  }

  #release(): void {
    this.#holder = undefined;
    this.#isDisowned = false;
    this.#released();
  }
}
