import { segmentsFault } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { detachedDefinition } from '../../protocol/messages/detached.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import { matchPattern, parsePattern, type Pattern } from '../../protocol/pattern.js';
import { isSystemAddress, systemAddressRefused } from './system-addresses.js';

export interface SignalDirectoryOptions {
  /** Definitions kept; 0 = unlimited. */
  readonly maxSignals: number;
  /** Seconds after its last ANNOUNCE that a definition is forgotten; 0 = never. */
  readonly signalTtlSeconds: number;
}

interface Announced {
  readonly definition: SignalDefinition;
  /** From this instant on it is forgotten. */
  readonly expiresAtMicros: number;
}

/** Addresses whose definition is remembered. A full cache starts over. */
const MAX_CACHED_ADDRESSES = 65_536;

/** What has been announced, by address. An announced address may itself be a pattern; QUERY matches it as text. */
export class SignalDirectory {
  readonly #options: SignalDirectoryOptions;
  /** In the order of the last ANNOUNCE, which is the order in which they expire. */
  readonly #signals = new Map<string, Announced>();
  /** Those announced for a pattern, by its text, in the same order. */
  readonly #patterns = new Map<string, Pattern>();
  /** The definition for a concrete address, until anything is announced or expires. */
  readonly #describing = new Map<string, SignalDefinition | undefined>();

  constructor(options: SignalDirectoryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#signals.size;
  }

  /**
   * Keeps the definitions, each in place of an earlier one at its address, and from now on: all of them, or none.
   *
   * @throws ClaspError 200 for an address that is none, 403 for one of the router's own, 400 when there is no room
   */
  announce(signals: readonly SignalDefinition[], nowMicros: number): void {
    this.#expire(nowMicros);
    const { maxSignals, signalTtlSeconds } = this.#options;
    const added = new Set<string>();
    for (const { address } of signals) {
      const fault = segmentsFault(address);
      if (fault !== undefined) throw new ClaspError(ErrorCode.InvalidAddress, `invalid address: ${fault}`, { address });
      if (isSystemAddress(address)) throw systemAddressRefused(address);
      if (!this.#signals.has(address)) added.add(address);
    }
    if (maxSignals > 0 && this.#signals.size + added.size > maxSignals) {
      throw new ClaspError(
        ErrorCode.RevisionConflict,
        `${this.#signals.size} signals are announced; ${added.size} more would pass the limit of ${maxSignals}`,
      );
    }
    const expiresAtMicros = signalTtlSeconds === 0 ? Infinity : nowMicros + signalTtlSeconds * 1_000_000;
    for (const signal of signals) {
      this.#signals.delete(signal.address);
      this.#signals.set(signal.address, { definition: detachedDefinition(signal), expiresAtMicros });
      if (!signal.address.includes('*')) continue;
      this.#patterns.delete(signal.address);
      this.#patterns.set(signal.address, parsePattern(signal.address));
    }
    this.#describing.clear();
  }

  matching(pattern: Pattern, nowMicros: number): SignalDefinition[] {
    this.#expire(nowMicros);
    return [...this.#signals.values()]
      .filter(({ definition }) => matchPattern(pattern, definition.address))
      .map(({ definition }) => definition);
  }

  /** What was announced of an address: under its own name, or else under the first pattern that matches it. */
  describing(address: string, nowMicros: number): SignalDefinition | undefined {
    this.#expire(nowMicros);
    if (this.#describing.has(address)) return this.#describing.get(address);
    const found = this.#signals.get(address)?.definition ?? this.#patternFor(address);
    if (this.#describing.size >= MAX_CACHED_ADDRESSES) this.#describing.clear();
    this.#describing.set(address, found);
    return found;
  }

  #patternFor(address: string): SignalDefinition | undefined {
    for (const [text, pattern] of this.#patterns) {
      if (matchPattern(pattern, address)) return this.#signals.get(text)?.definition;
    }
    return undefined;
  }

  #expire(nowMicros: number): void {
    for (const [address, { expiresAtMicros }] of this.#signals) {
      if (expiresAtMicros > nowMicros) return;
      this.#signals.delete(address);
      this.#patterns.delete(address);
      this.#describing.clear();
    }
  }
}
