import { segmentsFault } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import { matchPattern, type Pattern } from '../../protocol/pattern.js';

/** Definitions kept at most; the reference has the same number and never looks at it (router.md 2.1). */
const MAX_SIGNALS = 10_000;

/** What has been announced, by address. An announced address may itself be a pattern; it is matched as text. */
export class SignalDirectory {
  readonly #signals = new Map<string, SignalDefinition>();

  get size(): number {
    return this.#signals.size;
  }

  /**
   * Keeps the definitions, each in place of an earlier one at its address: all of them, or none.
   *
   * @throws ClaspError 200 for an address that is none, 400 when there is no room
   */
  announce(signals: readonly SignalDefinition[]): void {
    let added = 0;
    for (const { address } of signals) {
      const fault = segmentsFault(address);
      if (fault !== undefined) throw new ClaspError(ErrorCode.InvalidAddress, `invalid address: ${fault}`, { address });
      if (!this.#signals.has(address)) added++;
    }
    if (this.#signals.size + added > MAX_SIGNALS) {
      throw new ClaspError(
        ErrorCode.RevisionConflict,
        `${this.#signals.size} signals are announced; ${added} more would pass the limit of ${MAX_SIGNALS}`,
      );
    }
    for (const signal of signals) this.#signals.set(signal.address, detached(signal));
  }

  matching(pattern: Pattern): SignalDefinition[] {
    return [...this.#signals.values()].filter(({ address }) => matchPattern(pattern, address));
  }
}

/** A default value is a view into the received frame until it is copied. */
function detached(signal: SignalDefinition): SignalDefinition {
  const { meta } = signal;
  return meta?.default === undefined ? signal : { ...signal, meta: { ...meta, default: meta.default.copy() } };
}
