import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import { parsePattern } from '../protocol/pattern.js';
import type { SignalDefinition } from '../protocol/messages/message.js';
import type { Value } from '../protocol/values/value.js';
import { BoundedMap } from '../util/bounded-map.js';
import type { PatternTree } from './pattern-tree.js';
import type { Declarations } from './declaration.js';
import type { DefinedSignal } from './defined-signal.js';

export interface SignalsOptions {
  /** Whether a router rejects writes at undefined addresses. @default false */
  readonly strict?: boolean | undefined;
}

/** Maximum addresses with a cached definition. Longer addresses are looked up each time. */
const MAX_REMEMBERED = 16_384;
const MAX_REMEMBERED_LENGTH = 128;

/** Result of `defineSignals`: the defined signals. A router accepts it as its option `signals`. */
export class Signals<D extends Declarations = Declarations> {
  /** The declarations as given. */
  readonly declarations: D;
  /**
   * The announced definitions: `*` for `:name`, with datatype, range, default, unit and description from the schemas.
   */
  readonly definitions: readonly SignalDefinition[];
  readonly #byAddress: ReadonlyMap<string, DefinedSignal>;
  readonly #tree: PatternTree<DefinedSignal>;
  readonly #isStrict: boolean;
  /** null = not defined. */
  readonly #recent = new BoundedMap<DefinedSignal | null>({ maxEntries: MAX_REMEMBERED });

  /** @internal Use `defineSignals`. @param byAddress by the address of each declaration */
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
   * Returns why a SET or PUBLISH is rejected, as a sentence for its sender.
   *
   * @param value the value, or the samples of a stream; undefined without either
   * @param phase phase of a gesture
   * @returns undefined if it fits, and at undefined addresses unless `strict` is set
   */
  check(address: string, value: Value | undefined, type: SignalType, phase?: GesturePhase): string | undefined {
    const signal = this.at(address);
    if (signal === undefined) return this.#isStrict ? 'no signal is defined at this address' : undefined;
    return signal.refusal(type, value, phase);
  }

  /** @internal Returns the definition of an address. */
  at(address: string): DefinedSignal | undefined {
    const known = this.#recent.get(address);
    if (known !== undefined) return known ?? undefined;
    const found = this.#tree.find(address);
    if (address.length <= MAX_REMEMBERED_LENGTH) this.#recent.set(address, found ?? null);
    return found;
  }

  /**
   * @internal Returns the definitions that have an address in common with a pattern. For the text of a definition, only
   * that one. @throws ClaspError 202
   */
  meeting(pattern: string): ReadonlySet<DefinedSignal> {
    const own = this.#byAddress.get(pattern);
    return own === undefined ? this.#tree.meeting(parsePattern(pattern)) : new Set([own]);
  }

  /** @internal Returns the pattern to subscribe to. The argument can be the text of a definition. */
  subscribed(pattern: string): string {
    return this.#byAddress.get(pattern)?.definition.address ?? pattern;
  }
}
