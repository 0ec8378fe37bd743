import type { WatchedParam } from '../../core/observers.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import type { Value } from '../../protocol/values/value.js';
import type { FileWriter } from '../files/file-writer.js';
import { BlockWriter } from '../format/block-writer.js';
import { BlockFlag } from '../format/layout.js';

/** The clocks at the instant of a cut, in microseconds. */
export interface CutTimes {
  /** Calendar time. */
  readonly wallMicros: number;
  /** The router's monotonic time. */
  readonly monotonicMicros: number;
  /** The protocol's time minus monotonic time. */
  readonly protocolAheadMicros: number;
}

/**
 * Encodes cuts into the blocks of one file. Each cut begins with a NOTE of its times: `wall` is calendar time and `mono`
 * the router's monotonic time. Expiry times are calendar times, so `expiry - wall` is the remaining time at the cut.
 */
export class CutEncoder {
  readonly #file: FileWriter;
  readonly #blocks: BlockWriter;
  #cut = 0;
  #blockMicros = 0;
  #wallAheadMicros = 0;
  #protocolAheadMicros = 0;
  #fault: unknown;
  #fullBlocks = 0;

  constructor(file: FileWriter, salt: number) {
    this.#file = file;
    this.#blocks = new BlockWriter(salt);
  }

  /** What went wrong since the last {@link begin}: the cut must not be used. undefined if nothing did. */
  get fault(): unknown {
    return this.#fault;
  }

  /** Number of blocks that were full: a slice ends with one, because params can have large values. */
  get fullBlocks(): number {
    return this.#fullBlocks;
  }

  /**
   * Begins a cut.
   *
   * @param blockMicros protocol time that most writes of the cut follow within 71 minutes
   * @param facts more of its NOTE
   */
  begin(cut: number, blockMicros: number, times: CutTimes, facts: Iterable<readonly [string, Value]> = []): void {
    this.#cut = cut;
    this.#blockMicros = blockMicros;
    this.#wallAheadMicros = times.wallMicros - times.monotonicMicros;
    this.#protocolAheadMicros = times.protocolAheadMicros;
    this.#fault = undefined;
    this.#blocks.begin(cut, blockMicros);
    const wall = BigInt(times.wallMicros);
    this.#blocks.note(new Map<string, Value>([['wall', wall], ['mono', BigInt(times.monotonicMicros)], ...facts]));
  }

  /** Encodes the present value of a param, or its removal. Does not throw: see {@link fault}. */
  param(param: WatchedParam): void {
    try {
      if (param.isRemoved || !param.hasValue) this.#gone(param.address, param.revision);
      else this.#set(param);
    } catch (error) {
      this.#fault ??= error;
    }
  }

  /** Encodes the last revision of a removed param. */
  tombstone(address: string, revision: number): void {
    this.#makeRoom();
    this.#gone(address, revision);
  }

  /** Encodes an announced definition; undefined: it no longer exists. A definition beyond 64 KiB is not stored. */
  signal(address: string, definition: SignalDefinition | undefined): void {
    this.#makeRoom();
    if (definition === undefined) this.#blocks.note(new Map([['forgotten', address]]));
    else this.#blocks.signal(definition);
  }

  /** Ends the cut: passes its last block to the file. @param isLast whether the file ends with it */
  end(isLast: boolean, facts: Iterable<readonly [string, Value]> = []): void {
    const note = new Map<string, Value>(facts);
    if (note.size > 0) this.#blocks.note(note);
    this.#file.append(this.#blocks.finish(BlockFlag.Last | (isLast ? BlockFlag.End : 0)));
  }

  #makeRoom(): void {
    if (!this.#blocks.isFull) return;
    this.#fullBlocks++;
    this.#file.append(this.#blocks.finish(BlockFlag.None));
    this.#blocks.begin(this.#cut, this.#blockMicros);
  }

  #set(param: WatchedParam): void {
    this.#makeRoom();
    const blocks = this.#blocks;
    const { value, revision, writer, timestamp = 0 } = param.entry(this.#protocolAheadMicros);
    const writerNumber = blocks.writerName(writer ?? '');
    const address = blocks.newName(param.address);
    const { ttlMicros } = param;
    const expiry =
      ttlMicros === 0
        ? undefined
        : {
            ttlSeconds: ttlMicros / 1_000_000,
            isAbsolute: param.ttlIsAbsolute,
            expiresAtMicros: param.expiresAtMicros + this.#wallAheadMicros,
          };
    blocks.set(address, writerNumber, value, revision, Number(timestamp), expiry);
  }

  #gone(address: string, revision: number): void {
    if (revision === 0) return; // it never had a value
    this.#makeRoom();
    this.#blocks.gone(this.#blocks.name(address), revision, 'removed', this.#blockMicros);
  }
}
