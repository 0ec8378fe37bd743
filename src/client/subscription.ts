import { type SignalType, signalTypes } from '../protocol/enumerations.js';
import type { SubscribeMessage, SubscribeOptions } from '../protocol/messages/message.js';
import { matchPattern, parsePattern, type Pattern } from '../protocol/pattern.js';
import { check } from '../util/arguments.js';
import { BoundedMap } from '../util/bounded-map.js';
import type { KnownParam } from './param-cache.js';
import type { Signal } from './signal.js';
import { wholeNumber } from './whole-number.js';

export interface OnOptions<T extends SignalType = SignalType> {
  /** Signals of these types only. @default all */
  readonly types?: readonly T[] | undefined;
  /** Maximum deliveries per second and address. The last value is always delivered. @default unlimited */
  readonly maxRate?: number | undefined;
  /** Minimum change of a number that causes a delivery. @default 0, every change and every repetition */
  readonly epsilon?: number | undefined;
  /** Milliseconds in which samples of a stream are collected into one signal. @default 0 */
  readonly window?: number | undefined;
  /** Number of past values per param, including the current one, if the router stores them. @default 1 */
  readonly history?: number | undefined;
}

export const onOptions = [
  'types',
  'maxRate',
  'epsilon',
  'window',
  'history',
] as const satisfies readonly (keyof OnOptions)[];

/** Receives the signals of a subscription. */
export type Listener<T extends SignalType = SignalType> = (signal: Signal<T>) => void;

/** @throws ArgumentError unless it is a list of signal types */
export function checkTypes(types: readonly SignalType[]): void {
  check(Array.isArray(types), 'types', `be a list of ${signalTypes.join(', ')}`, types);
  for (const type of types) {
    check(signalTypes.includes(type), 'each of types', `be one of ${signalTypes.join(', ')}`, type);
  }
}

/** One `on()`: its request to the router, and the selection of received signals for its listener. */
export class Subscription {
  readonly id: number;
  readonly pattern: Pattern;
  readonly listener: Listener;
  /** False after its end. A delivery in progress stops as well. */
  isActive = true;
  /** Until the router has answered a later request, a snapshot can be the one for this subscription. */
  isFresh = true;
  readonly #types: ReadonlySet<SignalType> | undefined;
  readonly #options: SubscribeOptions;
  /** Whether it has requested past values. They are not requested again after a reconnection. */
  #hasHistory = false;
  /** The known state of each param, so that overlapping snapshots cause no duplicates. */
  readonly #known: BoundedMap<KnownParam>;

  /**
   * @param maxKnown maximum number of stored addresses
   * @throws ClaspError 202 for an invalid pattern, ArgumentError for an option out of range
   */
  constructor(id: number, pattern: string, listener: Listener, options: OnOptions, maxKnown: number) {
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
    this.#known = new BoundedMap({ maxEntries: maxKnown });
  }

  /** Returns the message to send, now and after each reconnection. */
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

  /** Records that the router has answered it. */
  settled(): void {
    this.isFresh = false;
    this.#hasHistory = true;
  }

  /** Returns whether it receives signals of this type and address. */
  wants(kind: SignalType, address: string): boolean {
    return (this.#types?.has(kind) ?? true) && matchPattern(this.pattern, address);
  }

  /**
   * Returns whether an entry of a snapshot is new for this subscription. Each value is delivered once, although every
   * overlapping subscription causes its own snapshot. After a reconnection, only changed values are delivered.
   */
  isNews(param: KnownParam): boolean {
    const before = this.#known.get(param.address);
    const isNews = before === undefined || this.#differs(param, before);
    if (isNews || before.session !== param.session) this.#known.set(param.address, param);
    return isNews;
  }

  /**
   * Records a write that has just arrived.
   *
   * @param reliable whether the link keeps order; otherwise a write can arrive late or twice
   * @returns whether it is delivered to the listener
   */
  takesWrite(param: KnownParam, reliable: boolean): boolean {
    const before = this.#known.get(param.address);
    if (!reliable && before?.session === param.session && before.revision >= param.revision) return false;
    this.#known.set(param.address, param);
    return true;
  }

  #differs(param: KnownParam, before: KnownParam): boolean {
    if (before.session === param.session) {
      const wantsPast = this.isFresh && !this.#hasHistory && (this.#options.history ?? 1) > 1;
      return wantsPast || param.revision > before.revision;
    }
    // Another session: possibly another router, with other revisions.
    return param.revision !== before.revision || !param.value.equals(before.value);
  }
}
