import type { Pattern } from '../../protocol/pattern.js';
import { patternSegments } from './pattern-trie.js';
import { SessionPattern } from './session-pattern.js';
import type { Subscription } from './subscription.js';

/** The subscriptions of a session. */
export class SessionSubscriptions {
  readonly byId = new Map<number, Subscription>();
  /** Total segments in its patterns. */
  segments = 0;
  /** The first pattern. Most sessions have no other and need no map. */
  #first: { readonly key: string; readonly own: SessionPattern } | undefined;
  #others: Map<string, SessionPattern> | undefined;

  /** Adds a subscription to those with its pattern. @returns the pattern, if it is new */
  add(subscription: Subscription): SessionPattern | undefined {
    const key = keyOf(subscription.pattern);
    const known = this.#find(key);
    if (known !== undefined) {
      known.add(subscription);
      return undefined;
    }
    const own = new SessionPattern(subscription);
    if (this.#first === undefined) this.#first = { key, own };
    else (this.#others ??= new Map()).set(key, own);
    return own;
  }

  /** Removes a subscription from those with its pattern. @returns the pattern, if none is left */
  remove(subscription: Subscription): SessionPattern | undefined {
    const key = keyOf(subscription.pattern);
    const own = this.#find(key);
    if (own === undefined || own.remove(subscription)) return undefined;
    if (own === this.#first?.own) this.#first = undefined;
    else this.#others?.delete(key);
    return own;
  }

  #find(key: string): SessionPattern | undefined {
    return key === this.#first?.key ? this.#first.own : this.#others?.get(key);
  }
}

/** Patterns with the same key match the same addresses. */
function keyOf(pattern: Pattern): string {
  return patternSegments(pattern).join('/');
}
