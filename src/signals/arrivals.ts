import type { Param, Signal } from '../client/index.js';
import type { DefinedSignal } from './defined-signal.js';
import type { Signals } from './signals.js';

/** A param or signal with its value in plain form. */
export type PlainParam = Omit<Param, 'value'> & { readonly value: unknown };
export type PlainSignal = Omit<Signal, 'value'> & { readonly value?: unknown };

/** Converts received signals for the listeners of a typed client. */
export class Arrivals {
  readonly #signals: Signals;
  readonly #checks: boolean;
  readonly #onRefused: ((signal: Signal, reason: string) => void) | undefined;

  constructor(signals: Signals, checks: boolean, onRefused: ((signal: Signal, reason: string) => void) | undefined) {
    this.#signals = signals;
    this.#checks = checks;
    this.#onRefused = onRefused;
  }

  /** Returns the signal for a listener, or undefined if it is not defined or does not fit. */
  signal(signal: Signal): PlainSignal | undefined {
    const defined = this.#signals.at(signal.address);
    if (defined === undefined) return undefined;
    const value = 'value' in signal ? defined.content(signal.value) : undefined;
    const reason = this.#checks ? reasonAgainst(defined, signal, value) : undefined;
    if (reason !== undefined) {
      this.#onRefused?.(signal, reason);
      return undefined;
    }
    return value === signal.value ? signal : { ...signal, value };
  }

  /** Like {@link signal}, for a param. @param refuse handles one that does not fit */
  param(param: Param, refuse: (param: Param, reason: string) => PlainParam | undefined): PlainParam | undefined {
    const defined = this.#signals.at(param.address);
    if (defined === undefined) {
      refuse(param, 'no signal is defined at this address');
      return;
    }
    const value = defined.content(param.value);
    const reason = this.#checks ? defined.fault(value) : undefined;
    return reason === undefined ? { ...param, value } : refuse(param, reason);
  }
}

function reasonAgainst(defined: DefinedSignal, signal: Signal, value: unknown): string | undefined {
  if (signal.kind !== defined.type) return defined.refusal(signal.kind, undefined);
  switch (signal.kind) {
    case 'timeline':
      return signal.timeline === undefined
        ? 'Invalid value: it is not a timeline'
        : defined.timelineFault(signal.timeline.keyframes.map((frame) => defined.content(frame.value.decode())));
    case 'gesture':
      return defined.fault(value, signal.phase);
    case 'stream':
      return defined.fault(value ?? signal.samples);
    case 'param':
    case 'event':
      return defined.fault(value);
  }
}
