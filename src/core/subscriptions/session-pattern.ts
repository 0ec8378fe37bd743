import { type SignalType, signalTypeMask } from '../../protocol/enumerations.js';
import type { RouterSession } from '../session.js';
import { isPacedType, leastRestrictive, type Pace, paceOf } from './rate-policy.js';
import type { Subscription } from './subscription.js';

/** Paces by the type of signal; a field is undefined until it is needed. */
interface Paces {
  param: Pace | 'unpaced' | undefined;
  stream: Pace | 'unpaced' | undefined;
}

/**
 * The subscriptions of one session with one pattern. A message matches them together, so a thousand equal subscriptions
 * of a session cost a match as much as one.
 */
export class SessionPattern {
  readonly session: RouterSession;
  /** Never empty. An array, because nearly always it has one element. */
  readonly #subscriptions: Subscription[];
  /** Signal types that any subscription accepts; undefined until it is needed. */
  #typeMask: number | undefined;
  #paces: Paces | undefined;

  constructor(first: Subscription) {
    this.session = first.session;
    this.#subscriptions = [first];
    this.#typeMask = first.typeMask;
  }

  add(subscription: Subscription): void {
    this.#subscriptions.push(subscription);
    this.#changed();
  }

  /** @returns whether subscriptions are left */
  remove(subscription: Subscription): boolean {
    const at = this.#subscriptions.indexOf(subscription);
    if (at >= 0) this.#subscriptions.splice(at, 1);
    this.#changed();
    return this.#subscriptions.length > 0;
  }

  /** Number of subscriptions. */
  get size(): number {
    return this.#subscriptions.length;
  }

  /** Whether a subscription accepts any type of this mask. */
  accepts(typeMask: number): boolean {
    this.#typeMask ??= this.#subscriptions.reduce((mask, subscription) => mask | subscription.typeMask, 0);
    return (this.#typeMask & typeMask) !== 0;
  }

  /** Returns the least restrictive pace of the subscriptions that accept a type; undefined if one is unrestricted. */
  paceOf(type: SignalType | undefined): Pace | undefined {
    if (!isPacedType(type)) return undefined;
    this.#paces ??= { param: undefined, stream: undefined };
    const pace = (this.#paces[type] ??= this.#merged(type) ?? 'unpaced');
    return pace === 'unpaced' ? undefined : pace;
  }

  #changed(): void {
    this.#typeMask = undefined;
    this.#paces = undefined;
  }

  #merged(type: SignalType): Pace | undefined {
    const mask = signalTypeMask([type]);
    const [first, ...others] = this.#subscriptions.filter(({ typeMask }) => (typeMask & mask) !== 0);
    let pace = paceOf(first?.options, type);
    for (let i = 0; i < others.length && pace !== undefined; i++) {
      pace = leastRestrictive(pace, paceOf(others[i]?.options, type));
    }
    return pace;
  }
}
