import type { FinalParam, Ledger } from './ledger.js';

/** What one client knows of the params, from all it was told; and whether it was ever told something older than before. */
export class View {
  readonly params = new Map<string, FinalParam>();
  readonly #name: string;
  /** Absent where the client hears what a broken line makes up. */
  readonly #ledger: Ledger | undefined;
  /** The newest revision of each address that this connection has brought. */
  readonly #newest = new Map<string, number>();

  constructor(name: string, ledger: Ledger | undefined) {
    this.#name = name;
    this.#ledger = ledger;
  }

  /** Another connection: its snapshot begins anew. */
  newConnection(): void {
    this.#newest.clear();
  }

  /** @param isRepeat whether it may be what was told before, as in a snapshot; a write always is a new one */
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

  /** Where it differs from what the router holds, at most ten lines. @param forgives whether it may know of more params */
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
