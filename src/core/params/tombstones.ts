import { BoundedMap } from '../../util/bounded-map.js';

const MAX_ENTRIES = 65_536;
/** Maximum characters of the addresses together. */
const MAX_CHARACTERS = 8_388_608;

/** The last revisions of removed params, so that a recreated param does not restart at 1. */
export class Tombstones {
  readonly #revisions = new BoundedMap<number>({ maxEntries: MAX_ENTRIES, maxCharacters: MAX_CHARACTERS });

  add(address: string, revision: number): void {
    this.#revisions.setNewest(address, revision);
  }

  /** Removes and returns the last revision of an address; 0 if it is unknown. */
  take(address: string): number {
    const revision = this.#revisions.get(address) ?? 0;
    this.#revisions.delete(address);
    return revision;
  }

  /** Oldest first. */
  entries(): IterableIterator<[address: string, revision: number]> {
    return this.#revisions.entries();
  }
}
