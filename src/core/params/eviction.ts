import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { parsePattern } from '../../protocol/pattern.js';
import type { OptionValues } from '../../util/option.js';
import type { RouterSession } from '../session.js';
import type { Param } from './param.js';
import type { paramStoreOptions } from './param-options.js';
import type { ParamShares } from './param-shares.js';

type EvictionOptions = Pick<OptionValues<typeof paramStoreOptions>, 'maxParams' | 'maxParamBytes' | 'eviction'>;

const EVERYTHING = parsePattern('/**');

/** The limits of a param store, and the order in which params are evicted when they are exceeded. */
export class Eviction {
  readonly #options: EvictionOptions;
  readonly #params: { readonly size: number };
  readonly #shares: ParamShares;

  constructor(options: EvictionOptions, params: { readonly size: number }, shares: ParamShares) {
    this.#options = options;
    this.#params = params;
    this.#shares = shares;
  }

  /**
   * Checks that a session can create `count` params, with values of `bytes` in total.
   *
   * @throws ClaspError 503
   */
  checkCapacity(session: RouterSession, address: string, count: number, bytes: number): void {
    const excess = this.#excess(count, bytes);
    if (excess === undefined || this.#victim(session, excess, undefined) !== undefined) return;
    const { maxParams, maxParamBytes } = this.#options;
    const limit = excess === 'count' ? `${maxParams} params` : `${maxParamBytes} bytes`;
    throw new ClaspError(ErrorCode.Overloaded, `State store at capacity: the limit is ${limit}`, { address });
  }

  /** Whether one more param with a value of `bytes` exceeds a limit. */
  isFullFor(bytes: number): boolean {
    return this.#excess(1, bytes) !== undefined;
  }

  /**
   * Returns the next param to evict for a session that wrote a param; undefined if all params fit, or none can be
   * evicted.
   */
  next(session: RouterSession, written: Param): Param | undefined {
    const excess = this.#excess(0, 0);
    return excess === undefined ? undefined : this.#victim(session, excess, written);
  }

  /** Returns the limit that `count` more params with `bytes` more would exceed. */
  #excess(count: number, bytes: number): 'count' | 'bytes' | undefined {
    const { maxParams, maxParamBytes } = this.#options;
    if (maxParams > 0 && this.#params.size + count > maxParams) return 'count';
    return maxParamBytes > 0 && this.#shares.bytes + bytes > maxParamBytes ? 'bytes' : undefined;
  }

  /**
   * Returns the param to evict for a session. If the session can write everywhere, it comes from the owner with the
   * largest use. A session with a narrow token evicts a param of its own owner. If that has none, it evicts one of
   * another owner, but only within its write scopes.
   */
  #victim(session: RouterSession, size: 'count' | 'bytes', written: Param | undefined): Param | undefined {
    if (this.#options.eviction === 'reject') return undefined;
    const { owner, permissions } = session;
    const own = this.#shares.of(owner);
    const isNarrow = !permissions.covers('write', EVERYTHING);
    const ownEarliest = own?.earliestBut(written);
    if (isNarrow && ownEarliest !== undefined) return ownEarliest;
    const victim = this.#shares.largest(owner, size)?.earliestBut(written) ?? ownEarliest;
    return victim === undefined || !isNarrow || permissions.allows('write', victim.address) ? victim : undefined;
  }
}
