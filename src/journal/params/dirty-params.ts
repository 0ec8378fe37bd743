import type { ParamWatch, WatchedParam, WatchedState } from '../../core/observers.js';
import type { CutEncoder } from './cut-encoder.js';
import type { Persistence, PersistRules } from './persist-rules.js';

/** Params that one slice of a cut or base encodes at most: about 0.5 ms. A full block, 256 KiB, ends a slice too. */
export const SLICE_PARAMS = 2_000;
/** Dirty entries of removed params that are kept. A base follows if there are more. */
const MAX_REMOVED = 65_536;

/** Codes of {@link Persistence} in `param.based`; 0: not determined yet. */
const codes = { none: 1, never: 2, interval: 3, always: 4 } as const satisfies Record<Persistence, number>;
/** `param.based` is the serial of its last base times this, plus its code. */
const SERIAL = 8;

/**
 * The params that changed since the last cut. A cut contains everything up to one instant and nothing later, although its
 * encoding takes many turns of the event loop: a param that changes before its turn is encoded first. The same applies
 * to a base, which contains all params.
 */
export class DirtyParams implements ParamWatch {
  generation = 1;
  readonly #rules: PersistRules;
  readonly #sliceParams: number;
  #state: WatchedState | undefined;
  #isCollecting = true;
  #dirty: WatchedParam[] = [];
  #mustSync = false;
  #maxDirty = MAX_REMOVED;
  #hasLost = false;
  /** The generation of the cut that is being encoded; -1 = none. */
  #cutGeneration = -1;
  #cut: CutEncoder | undefined;
  #pending: readonly WatchedParam[] = [];
  #next = 0;
  #baseSerial = 0;
  #base: CutEncoder | undefined;
  #walk: Iterator<WatchedParam> | undefined;

  /** @param sliceParams params that one slice of a cut or base encodes */
  constructor(rules: PersistRules, sliceParams = SLICE_PARAMS) {
    this.#rules = rules;
    this.#sliceParams = sliceParams;
  }

  /** Everything that the router retains. */
  get state(): WatchedState {
    if (this.#state === undefined) throw new Error('the params store belongs to no router');
    return this.#state;
  }

  /** Number of changed params, including removed ones. */
  get size(): number {
    return this.#dirty.length;
  }

  /** Whether changes of removed params were dropped, so that the next cut needs a base. Reset by {@link beginBase}. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  attach(state: WatchedState): void {
    this.#state = state;
  }

  touch(param: WatchedParam): void {
    if (param.stored === this.#cutGeneration) this.encodeFirst(param);
    if (this.#base !== undefined) this.#toBase(param, this.#base);
    param.stored = this.generation;
    if (this.#isCollecting) this.#collect(param);
  }

  /** Ends collecting, because the store has no file. The next cut begins with {@link collect} and a base. */
  discard(): void {
    this.#isCollecting = false;
    this.#dirty = [];
    this.#hasLost = this.#mustSync = false;
    this.endCut();
    this.endBase();
  }

  /** Begins to collect changes again. */
  collect(): void {
    this.generation++;
    this.#isCollecting = true;
  }

  /**
   * Begins a cut with all changes so far.
   *
   * @returns whether it must be synced
   */
  beginCut(encoder: CutEncoder): boolean {
    const mustSync = this.#mustSync;
    this.#pending = this.#dirty;
    this.#dirty = [];
    this.#mustSync = false;
    this.#next = 0;
    this.#cut = encoder;
    this.#cutGeneration = this.generation++;
    return mustSync;
  }

  /** Encodes some params of the cut. @returns whether it is complete */
  stepCut(): boolean {
    const end = Math.min(this.#pending.length, this.#next + this.#sliceParams);
    const blocks = this.#cut?.fullBlocks;
    while (this.#next < end && this.#cut?.fullBlocks === blocks) {
      const param = this.#pending[this.#next++]!; // the loop condition bounds the index
      if (param.stored !== this.#cutGeneration) continue; // encoded before its change
      this.#cut?.param(param);
      param.stored = 0;
    }
    return this.#next === this.#pending.length;
  }

  endCut(): void {
    this.#pending = [];
    this.#next = 0;
    this.#cut = undefined;
    this.#cutGeneration = -1;
  }

  /** Begins a base with all params at this instant. Must follow {@link beginCut} or {@link collect} in the same turn. */
  beginBase(encoder: CutEncoder): void {
    this.#baseSerial++;
    this.#base = encoder;
    this.#walk = this.state.params();
    this.#hasLost = false;
  }

  /** Encodes some params of the base. @returns whether it has all */
  stepBase(): boolean {
    const base = this.#base;
    const blocks = base?.fullBlocks;
    for (let count = 0; count < this.#sliceParams && base?.fullBlocks === blocks; count++) {
      const next = this.#walk?.next();
      if (base === undefined || next === undefined || next.done === true) return true;
      this.#toBase(next.value, base);
    }
    return false;
  }

  endBase(): void {
    this.#base = undefined;
    this.#walk = undefined;
  }

  /** Encodes a param of the cut in progress before it changes. */
  protected encodeFirst(param: WatchedParam): void {
    if (this.#codeOf(param) !== codes.none) this.#cut?.param(param);
  }

  #toBase(param: WatchedParam, base: CutEncoder): void {
    const code = this.#codeOf(param);
    const based = this.#baseSerial * SERIAL + code;
    if (param.based === based) return;
    param.based = based;
    if (code !== codes.none) base.param(param);
  }

  #collect(param: WatchedParam): void {
    const code = this.#codeOf(param);
    if (code === codes.none) return;
    this.#dirty.push(param);
    if (code !== codes.never) this.#mustSync = true;
    if (this.#dirty.length > this.#maxDirty) this.#compact();
  }

  /** Returns the code of a param, which is determined once. */
  #codeOf(param: WatchedParam): number {
    const known = param.based % SERIAL;
    if (known !== 0) return known;
    const code = codes[this.#rules.of(param.address)];
    param.based += code;
    return code;
  }

  /** While the disk hangs, addresses that come and go must not occupy more and more memory. */
  #compact(): void {
    const existing = this.#dirty.filter(({ isRemoved }) => !isRemoved);
    if (this.#dirty.length - existing.length > MAX_REMOVED / 2) {
      this.#dirty = existing;
      this.#hasLost = true;
    }
    this.#maxDirty = this.#dirty.length + MAX_REMOVED;
  }
}
