/** Entries of the first map. A Map of this size grows in 1 to 2 ms. */
const FIRST_ENTRIES = 32_768;
/** Number of further maps, a power of two. */
const SHARD_BITS = 6;

/**
 * A map by text that never grows in one piece. A Map moves all its entries when it grows: 71 ms with a million of them,
 * in which a router delivers nothing. The first entries are in one map; all further ones are divided among many by their
 * hash.
 */
export class LargeMap<V> {
  readonly #first = new Map<string, V>();
  #shards: readonly Map<string, V>[] | undefined;
  /** Entries in the shards. */
  #sharded = 0;
  /** Random, so that no peer can choose texts for one shard. */
  readonly #seed = Math.floor(Math.random() * 2 ** 32);

  get size(): number {
    return this.#first.size + this.#sharded;
  }

  get(key: string): V | undefined {
    return this.#first.get(key) ?? this.#shards?.[this.#shardOf(key)]?.get(key);
  }

  set(key: string, value: V): void {
    if (this.#first.has(key) || (this.#shards === undefined && this.#first.size < FIRST_ENTRIES)) {
      this.#first.set(key, value);
      return;
    }
    this.#shards ??= Array.from({ length: 1 << SHARD_BITS }, () => new Map<string, V>());
    const shard = this.#shards[this.#shardOf(key)]!; // the hash is below the number of shards
    const { size } = shard;
    shard.set(key, value);
    this.#sharded += shard.size - size;
  }

  delete(key: string): void {
    if (this.#first.delete(key)) return;
    if (this.#shards?.[this.#shardOf(key)]?.delete(key) === true) this.#sharded--;
    if (this.#sharded === 0) this.#shards = undefined;
  }

  /**
   * Returns the values: the first 32,768 in the order of their addition, all others in no order. Entries can be added and
   * removed meanwhile; added ones may be missing.
   */
  *values(): Generator<V, void> {
    yield* this.#first.values();
    for (const shard of this.#shards ?? []) yield* shard.values();
  }

  #shardOf(key: string): number {
    let hash = this.#seed;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
    return (hash ^ (hash >>> 15)) >>> (32 - SHARD_BITS);
  }
}
