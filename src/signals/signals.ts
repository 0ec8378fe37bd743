import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import { parsePattern } from '../protocol/pattern.js';
import type { SignalDefinition } from '../protocol/messages/message.js';
import type { Value } from '../protocol/values/value.js';
import type { PatternTree } from './pattern-tree.js';
import type { Declarations } from './declaration.js';
import type { DefinedSignal } from './defined-signal.js';
import { RecentMap } from './recent-map.js';

export interface SignalsOptions {
  /** Whether a router refuses writes at addresses that are not defined. @default false */
  readonly strict?: boolean | undefined;
}

/** Addresses whose definition is remembered, at most; longer ones are looked up each time. */
const MAX_REMEMBERED = 16_384;
const MAX_REMEMBERED_LENGTH = 128;

/** What `defineSignals` gives: the signals there are. A router takes it as its option `signals`. */
export class Signals<D extends Declarations = Declarations> {
  /** As they were given. */
  readonly declarations: D;
  /** What is announced: `*` for `:name`, and what the schemas say of datatype, range, default, unit and description. */
  readonly definitions: readonly SignalDefinition[];
  readonly #byAddress: ReadonlyMap<string, DefinedSignal>;
  readonly #tree: PatternTree<DefinedSignal>;
  readonly #isStrict: boolean;
  /** null = not defined. */
  readonly #recent = new RecentMap<DefinedSignal | null>(MAX_REMEMBERED);

  /** @internal Use `defineSignals`. @param byAddress by the address each was declared at */
  constructor(
    declarations: D,
    byAddress: ReadonlyMap<string, DefinedSignal>,
    tree: PatternTree<DefinedSignal>,
    { strict = false }: SignalsOptions,
  ) {
    this.declarations = declarations;
    this.definitions = [...byAddress.values()].map(({ definition }) => definition);
    this.#byAddress = byAddress;
    this.#tree = tree;
    this.#isStrict = strict;
  }

  /**
   * Why a SET or PUBLISH is refused, as a sentence for its writer.
   *
   * @param value the value, or the samples of a stream; undefined where there is neither
   * @param phase of a gesture
   * @returns undefined when it fits, and where nothing is defined unless it was said to be `strict`
   */
  check(address: string, value: Value | undefined, type: SignalType, phase?: GesturePhase): string | undefined {
    const signal = this.at(address);
    if (signal === undefined) return this.#isStrict ? 'no signal is defined at this address' : undefined;
    return signal.refusal(type, value, phase);
  }

  /** @internal The definition an address belongs to. */
  at(address: string): DefinedSignal | undefined {
    const known = this.#recent.get(address);
    if (known !== undefined) return known ?? undefined;
    const found = this.#tree.find(address);
    if (address.length <= MAX_REMEMBERED_LENGTH) this.#recent.set(address, found ?? null);
    return found;
  }

  /** @internal The definitions that have an address in common with a pattern; by its own text, only that one. @throws ClaspError 202 */
  meeting(pattern: string): ReadonlySet<DefinedSignal> {
    const own = this.#byAddress.get(pattern);
    return own === undefined ? this.#tree.meeting(parsePattern(pattern)) : new Set([own]);
  }

  /** @internal What to subscribe to for a pattern, which may be the text of a definition. */
  subscribed(pattern: string): string {
    return this.#byAddress.get(pattern)?.definition.address ?? pattern;
  }
}
