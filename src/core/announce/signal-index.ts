import { addressSegments } from '../../protocol/address.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import { isLiteral, type Pattern } from '../../protocol/pattern.js';
import type { StepCounter } from '../../protocol/step-counter.js';
import { AddressTree } from '../params/address-tree.js';
import { PatternTrie } from '../subscriptions/pattern-trie.js';
import type { Announced } from './announced-signal.js';

/** Maximum cached addresses, and characters of the longest: at most 10 MB. A full cache is emptied. */
const MAX_CACHED_ADDRESSES = 65_536;
const MAX_CACHED_LENGTH = 128;

/** Finds announced definitions: by their address, by a pattern for the text of the address, and by what they match. */
export class SignalIndex {
  /** Whether SETs are checked against the definitions, which then are found by matching too. */
  readonly #isMatching: boolean;
  /** By address, in the order of the first ANNOUNCE. */
  readonly #signals = new Map<string, Announced>();
  /** By the text of the address, for QUERY. */
  readonly #tree = new AddressTree<Announced>();
  /** Definitions for patterns, by what they match. */
  readonly #patterns = new PatternTrie<Announced>();
  /** Cache of the definition of a concrete address. */
  readonly #describing = new Map<string, SignalDefinition | undefined>();
  readonly #work: StepCounter;

  /** @param work counts the steps of {@link describing} */
  constructor(isMatching: boolean, work: StepCounter) {
    this.#isMatching = isMatching;
    this.#work = work;
  }

  get size(): number {
    return this.#signals.size;
  }

  /** Returns the definition of exactly this address or pattern. */
  at(address: string): Announced | undefined {
    return this.#signals.get(address);
  }

  /** Returns the number of indexes that contain a definition of an address or pattern. */
  countOf(address: Pattern): number {
    return this.#isMatched(address) ? 2 : 1;
  }

  /** Adds a definition. @param replaced the definition of the same address that it hides, if any */
  add(one: Announced, replaced: Announced | undefined): void {
    this.#signals.set(one.address, one);
    this.#tree.add(one);
    if (!this.#isMatched(one.address)) return;
    if (replaced !== undefined) this.#patterns.remove(one.address, replaced);
    this.#patterns.add(one.address, one);
  }

  remove(one: Announced): void {
    this.#signals.delete(one.address);
    this.#tree.remove(one);
    if (this.#isMatched(one.address)) this.#patterns.remove(one.address, one);
  }

  /** Discards the cache of {@link describing}, after definitions were announced, have expired or were removed. */
  changed(): void {
    this.#describing.clear();
  }

  /**
   * Returns all definitions whose address a pattern matches as text, unordered, and undefined for each checked one that
   * does not match. Lazy, and safe while definitions are added and removed.
   *
   * @param counter counts checked definitions
   */
  walk(pattern: Pattern, counter: StepCounter): Iterator<Announced | undefined> {
    return pattern === '/**' ? this.#signals.values() : this.#tree.matching(addressSegments(pattern), counter);
  }

  /** Returns the definition of an address: its own, otherwise that of the first pattern that matches it. */
  describing(address: string, nowMicros: number): SignalDefinition | undefined {
    const known = this.#describing.get(address);
    if (known !== undefined || this.#describing.has(address)) return known;
    const found = this.#signals.get(address)?.at(nowMicros)?.definition ?? this.#patternFor(address, nowMicros);
    if (address.length > MAX_CACHED_LENGTH) return found;
    if (this.#describing.size >= MAX_CACHED_ADDRESSES) this.#describing.clear();
    this.#describing.set(address, found);
    return found;
  }

  #patternFor(address: string, nowMicros: number): SignalDefinition | undefined {
    let first: Announced | undefined;
    for (const match of this.#patterns.matches(address, this.#work)) {
      const one = match.at(nowMicros);
      if (one !== undefined && (first === undefined || one.serial < first.serial)) first = one;
    }
    return first?.definition;
  }

  /** Whether SETs are checked against a definition of this address by matching. */
  #isMatched(address: Pattern): boolean {
    return this.#isMatching && !isLiteral(address);
  }
}
