import { check } from '../util/arguments.js';
import { type SignalType, signalTypes } from '../protocol/enumerations.js';
import type { SubscribeMessage, SubscribeOptions } from '../protocol/messages/message.js';
import { matchPattern, parsePattern, type Pattern } from '../protocol/pattern.js';
import { BoundedMap, type KnownParam } from './param-cache.js';
import type { Signal } from './signal.js';
import { wholeNumber } from './whole-number.js';

export interface OnOptions<T extends SignalType = SignalType> {
  /** Only signals of these kinds. @default all */
  readonly types?: readonly T[] | undefined;
  /** At most this many deliveries of an address in a second; the last value always comes. @default unlimited */
  readonly maxRate?: number | undefined;
  /** The least change of a number worth a delivery. @default 0, every change and every repetition */
  readonly epsilon?: number | undefined;
  /** Milliseconds in which samples of a stream are collected into one signal. @default 0 */
  readonly window?: number | undefined;
  /** How many values of each param's past are wanted, the current one counted, where the router keeps them. @default 1 */
  readonly history?: number | undefined;
}

export const onOptions = [
  'types',
  'maxRate',
  'epsilon',
  'window',
  'history',
] as const satisfies readonly (keyof OnOptions)[];

/** Where a subscription's signals go. */
export type Listener<T extends SignalType = SignalType> = (signal: Signal<T>) => void;

/** @throws ArgumentError unless it is a list of signal types */
export function checkTypes(types: readonly SignalType[]): void {
  check(Array.isArray(types), 'types', `be a list of ${signalTypes.join(', ')}`, types);
  for (const type of types) {
    check(signalTypes.includes(type), 'each of types', `be one of ${signalTypes.join(', ')}`, type);
  }
}

/** One `on()`: what the router is asked for, and what of all that arrives is meant for this listener. */
export class Subscription {
  readonly id: number;
  readonly pattern: Pattern;
  readonly listener: Listener;
  /** False once it has been ended; what is being delivered at that moment stops with it. */
  isActive = true;
  /** Until the router has gone on to what was asked later, snapshots may be the one this subscription has asked for. */
  isFresh = true;
  readonly #types: ReadonlySet<SignalType> | undefined;
  readonly #options: SubscribeOptions;
  /** Whether it has asked for the past once. That is not asked for again after a reconnection. */
  #hasHistory = false;
  /** What the listener knows of each param, so that overlapping snapshots tell it nothing twice. */
  readonly #told: BoundedMap<string, KnownParam>;

  /**
   * @param maxTold addresses for which that is remembered
   * @throws ClaspError 202 for a pattern that is none, ArgumentError for an option out of range
   */
  constructor(id: number, pattern: string, listener: Listener, options: OnOptions, maxTold: number) {
    this.id = id;
    this.pattern = parsePattern(pattern);
    this.listener = listener;
    const { types, maxRate, epsilon, window, history } = options;
    if (types !== undefined) checkTypes(types);
    this.#types = types === undefined || types.length === 0 ? undefined : new Set(types);
    wholeNumber('maxRate', maxRate);
    wholeNumber('window', window);
    wholeNumber('history', history);
    const isDistance = epsilon === undefined || (typeof epsilon === 'number' && epsilon >= 0);
    check(isDistance, 'epsilon', 'be a number from 0', epsilon);
    this.#options = { maxRate, epsilon, window, history };
    this.#told = new BoundedMap(maxTold);
  }

  /** What to send, now and after each reconnection. */
  message(): SubscribeMessage {
    const options = this.#hasHistory ? { ...this.#options, history: undefined } : this.#options;
    return {
      type: 'subscribe',
      id: this.id,
      pattern: this.pattern,
      types: this.#types && [...this.#types],
      options: Object.values(options).some((option) => option !== undefined) ? options : undefined,
    };
  }

  /** The router has answered it. */
  settled(): void {
    this.isFresh = false;
    this.#hasHistory = true;
  }

  /** Whether signals of this kind and address are meant for it. */
  wants(kind: SignalType, address: string): boolean {
    return (this.#types?.has(kind) ?? true) && matchPattern(this.pattern, address);
  }

  /**
   * Whether what a snapshot says of a param is news here: each value is told once, although every subscription that
   * overlaps this one brings a snapshot of its own, and after a reconnection only what has changed meanwhile.
   */
  isNews(param: KnownParam): boolean {
    const before = this.#told.get(param.address);
    const isNews = before === undefined || this.#differs(param, before);
    if (isNews || before.session !== param.session) this.#told.set(param.address, param);
    return isNews;
  }

  /**
   * Takes note of a write that has just arrived.
   *
   * @param reliable whether the link keeps order; where it does not, a write may come late or twice
   * @returns whether the listener is to hear of it
   */
  takesWrite(param: KnownParam, reliable: boolean): boolean {
    const before = this.#told.get(param.address);
    if (!reliable && before?.session === param.session && before.revision >= param.revision) return false;
    this.#told.set(param.address, param);
    return true;
  }

  #differs(param: KnownParam, before: KnownParam): boolean {
    if (before.session === param.session) {
      const wantsPast = this.isFresh && !this.#hasHistory && (this.#options.history ?? 1) > 1;
      return wantsPast || param.revision > before.revision;
    }
    // Another session: perhaps another router, which has counted otherwise.
    return param.revision !== before.revision || !param.value.equals(before.value);
  }
}
