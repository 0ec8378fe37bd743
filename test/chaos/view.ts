import type { FinalParam, Ledger } from './ledger.js';

/**
 * One client's knowledge of the params, from all received messages. It reports a revision that is older than an
 * earlier one.
 */
export class View {
  readonly params = new Map<string, FinalParam>();
  readonly #name: string;
  /** Absent if the client's line can corrupt values. */
  readonly #ledger: Ledger | undefined;
  /** The newest revision of each address on this connection. */
  readonly #newest = new Map<string, number>();

  constructor(name: string, ledger: Ledger | undefined) {
    this.#name = name;
    this.#ledger = ledger;
  }

  /** Resets for a new connection, which starts with a snapshot. */
  newConnection(): void {
    this.#newest.clear();
  }

  /** @param isRepeat whether it can repeat an earlier value, as in a snapshot; a write is always new */
  heard(address: string, param: FinalParam, isRepeat: boolean): void {
    const newest = this.#newest.get(address) ?? 0;
    if (param.revision < newest || (param.revision === newest && !isRepeat))
      this.#ledger?.violations.push(
        `${address}: ${this.#name} heard revision ${param.revision} after ${newest} on one connection`,
      );
    this.#newest.set(address, Math.max(newest, param.revision));
    this.params.set(address, param);
    this.#ledger?.heard(this.#name, address, param);
  }

  /**
   * Returns the differences from the router's state, at most ten lines. @param forgives whether the view can contain
   * other params
   */
  differences(truth: ReadonlyMap<string, FinalParam>, forgives = false): readonly string[] {
    const addresses = new Set([...truth.keys(), ...(forgives ? [] : this.params.keys())]);
    return [...addresses]
      .filter((address) => !isSame(truth.get(address), this.params.get(address)))
      .slice(0, 10)
      .map(
        (address) =>
          `${address}: ${shown(truth.get(address))} at the router, ${shown(this.params.get(address))} at ${this.#name}`,
      );
  }
}

function isSame(one: FinalParam | undefined, other: FinalParam | undefined): boolean {
  return one?.revision === other?.revision && one?.value === other?.value;
}

function shown(param: FinalParam | undefined): string {
  return param === undefined ? 'nothing' : `${param.value} (revision ${param.revision})`;
}
