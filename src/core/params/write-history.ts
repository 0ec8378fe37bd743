import { matchPattern } from '../../protocol/pattern.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';
import type { Change, ChangeLog, ParamChange, Position } from '../change.js';
import type { MemoryUse } from '../system/statistics.js';
import type { HistoryRule } from './param-history.js';

/** A past write of a param. */
export interface PastWrite {
  readonly address: string;
  /** The value as stored. */
  readonly value: Value;
  readonly revision: number;
  /** Session id and name of the writer. */
  readonly session: string;
  readonly name: string;
  /** Time of the write, in microseconds of the protocol's clock. */
  readonly timestamp: number;
}

interface Kept extends Omit<PastWrite, 'value'> {
  readonly value: EncodedValue;
}

export interface WriteHistoryLimits {
  /** The first rule that matches an address applies; without a match, no write is kept. */
  readonly writeHistory: readonly HistoryRule[];
  /** 0 = unlimited. */
  readonly maxWriteHistoryBytes: number;
}

/** Memory of an entry without its texts and value. */
const ENTRY_BYTES = 300;

/** The last writes of params, in memory: the change log behind `router.history()`. */
export class WriteHistory implements ChangeLog {
  readonly #limits: WriteHistoryLimits;
  /** By address, oldest first. */
  readonly #writes = new Map<string, Kept[]>();
  /** All entries, oldest first. */
  readonly #order = new Set<Kept>();
  readonly #listeners = new Set<(position: Position) => void>();
  #position: Position = 0;
  #bytes = 0;
  #dropped = 0;

  constructor(limits: WriteHistoryLimits) {
    this.#limits = limits;
  }

  get use(): MemoryUse {
    return { usedBytes: this.#bytes, limitBytes: this.#limits.maxWriteHistoryBytes, madeRoom: this.#dropped };
  }

  /** Returns the last writes of a param, oldest first. Removing the param does not remove them. */
  of(address: string): readonly PastWrite[] {
    return (this.#writes.get(address) ?? []).map(({ value, ...rest }) => ({ ...rest, value: value.decode() }));
  }

  wants(address: string, type: Parameters<ChangeLog['wants']>[1]): boolean {
    return type === 'param' && this.#depthOf(address) > 0;
  }

  append(changes: readonly Change[]): Position {
    for (const change of changes) if (change.type === 'set') this.#keep(change);
    this.#position += changes.length;
    for (const listener of this.#listeners) listener(this.#position); // nothing is more durable than this memory
    return this.#position;
  }

  onCommitted(listener: (position: Position) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #keep({ address, value, revision, writer, atMicros }: ParamChange): void {
    const kept = {
      address,
      value: value.copy(),
      revision,
      session: writer.id,
      name: writer.name,
      timestamp: atMicros,
    };
    let writes = this.#writes.get(address);
    if (writes === undefined) this.#writes.set(address, (writes = []));
    else if (writes.length >= this.#depthOf(address)) this.#drop(writes[0]!); // its length is at least 1
    writes.push(kept);
    this.#writes.set(address, writes); // the drop of its only entry has removed it
    this.#order.add(kept);
    this.#bytes += bytesOf(kept);
    const { maxWriteHistoryBytes: most } = this.#limits;
    for (const oldest of this.#order) {
      if (most === 0 || this.#bytes <= most) return;
      this.#drop(oldest);
      this.#dropped++;
    }
  }

  /** Removes the oldest entry of its address. */
  #drop(oldest: Kept): void {
    const writes = this.#writes.get(oldest.address)!; // it contains this entry
    writes.shift();
    if (writes.length === 0) this.#writes.delete(oldest.address);
    this.#order.delete(oldest);
    this.#bytes -= bytesOf(oldest);
  }

  #depthOf(address: string): number {
    return this.#limits.writeHistory.find(({ pattern }) => matchPattern(pattern, address))?.depth ?? 0;
  }
}

function bytesOf({ address, name, value }: Kept): number {
  return ENTRY_BYTES + 2 * (address.length + name.length) + value.byteLength;
}
