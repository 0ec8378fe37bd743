import type { SignalDefinition } from '../../protocol/messages/message.js';
import type { Value } from '../../protocol/values/value.js';
import type { CutTimes } from './cut-encoder.js';
import { type DirtyParams, SLICE_PARAMS } from './dirty-params.js';
import type { StoreFile } from './store-file.js';

/** Bytes that wait for the disk before encoding continues. */
export const MAX_WAITING_BYTES = 1_048_576;

export interface BaseJobOptions {
  readonly dirty: DirtyParams;
  readonly isSignalKept: (address: string) => boolean;
  /** Lets other work run between slices. */
  readonly pause: () => Promise<void>;
}

/** Writes all params, last revisions and signals of one instant, in slices. */
export class BaseJob {
  readonly file: StoreFile;
  readonly #options: BaseJobOptions;
  #signals: readonly SignalDefinition[] = [];
  #isAborted = false;

  constructor(file: StoreFile, options: BaseJobOptions) {
    this.file = file;
    this.#options = options;
  }

  /** The instant of the base. */
  begin(cut: number, times: CutTimes, facts: Iterable<readonly [string, Value]>): void {
    const { dirty, isSignalKept } = this.#options;
    this.file.encoder.begin(cut, times.monotonicMicros + times.protocolAheadMicros, times, facts);
    dirty.beginBase(this.file.encoder);
    this.#signals = dirty.state.signals().filter(({ address }) => isSignalKept(address)); // they never change
  }

  /** Ends the job as soon as possible: {@link run} returns false. */
  abort(): void {
    this.#isAborted = true;
  }

  /** @returns whether the base is on disk; false if it was aborted */
  async run(): Promise<boolean> {
    const { dirty } = this.#options;
    const { encoder, writer } = this.file;
    while (!dirty.stepBase()) if (!(await this.#continues())) return false;
    let count = 0;
    for (const [address, revision] of dirty.state.tombstones()) {
      encoder.tombstone(address, revision);
      if (++count % SLICE_PARAMS === 0 && !(await this.#continues())) return false;
    }
    for (const signal of this.#signals) {
      encoder.signal(signal.address, signal);
      if (++count % SLICE_PARAMS === 0 && !(await this.#continues())) return false;
    }
    dirty.endBase();
    encoder.end(true);
    if (encoder.fault !== undefined) throw encoder.fault as Error; // what the encoder threw
    await writer.commit(true);
    return !this.#isAborted;
  }

  async #continues(): Promise<boolean> {
    const { writer } = this.file;
    if (writer.queuedBytes > MAX_WAITING_BYTES) await writer.commit(false);
    else await this.#options.pause();
    return !this.#isAborted;
  }
}
