import type { SignalDefinition } from '../../protocol/messages/message.js';
import { microseconds, setBackgroundTimer, wallTime } from '../../util/clock.js';
import { type BaseJob, MAX_WAITING_BYTES } from './base-job.js';
import type { CutTimes } from './cut-encoder.js';
import { GenerationFiles } from './generation-files.js';
import type { LoadedParams } from './load-params.js';
import type { ParamsStoreOptions } from './params-store-options.js';
import type { StoreFile } from './store-file.js';
import { faultReason, StoreLog } from './store-log.js';

export type StoreStatus = 'opening' | 'ready' | 'retrying' | 'closed';

const MIN_TAIL_BYTES = 16_777_216;
/** Interval between checks that the folder exists. */
const CHECK_MS = 1_000;
/** The disk is reported if it has not answered for so long. */
const SLOW_MS = 10_000;

/**
 * Stores params in files that are written once: a base with all params of one instant, and a tail with the cuts since
 * then. One cut is in flight at a time. If the disk fails, nothing is collected until {@link recover} has written a new
 * base from memory.
 */
export class ParamsStore {
  readonly #options: ParamsStoreOptions;
  readonly #log: StoreLog;
  readonly #files: GenerationFiles;
  #status: StoreStatus = 'opening';
  #cut = 0;
  /** The last cut of this run that is on disk, with all cuts before it; 0 before the first. */
  #syncedCut = 0;
  #tail: StoreFile | undefined;
  #base: BaseJob | undefined;
  #baseDone: Promise<void> = Promise.resolve();
  #isBaseDue = false;
  /** Whether the tail has no cut yet that a base must follow. */
  #isTailNew = false;
  #lastBaseBytes = 0;
  /** Protocol time of the last cut: base of the times in the next one. */
  #lastMicros = 0;
  readonly #signals = new Map<string, SignalDefinition | undefined>();
  #isWanted = false;
  #running: Promise<void> | undefined;
  #recovering: Promise<void> | undefined;
  #closing: Promise<void> = Promise.resolve();
  #checkedMs = -Infinity;
  #timer: unknown;

  constructor(options: ParamsStoreOptions) {
    this.#options = options;
    this.#log = new StoreLog(options.logger, options.clock);
    this.#files = new GenerationFiles(options, this.#log);
  }

  get status(): StoreStatus {
    return this.#status;
  }

  /** Number of the cut that will contain the changes since the last one. */
  get nextCut(): number {
    return this.#cut + 1;
  }

  /** Reads what an earlier run has stored. @throws as `loadParams` does */
  async load(): Promise<LoadedParams> {
    const loaded = await this.#files.load();
    this.#cut = loaded.lastCut;
    return loaded;
  }

  /** Keeps the loaded state permanently, because not all of it was restored. @returns its name */
  pinLoaded(): string {
    return this.#files.pinLoaded();
  }

  /** Begins to store, after the loaded state was restored. Does not reject: a disk that fails is retried. */
  async begin(): Promise<void> {
    try {
      await this.#beginTail();
      this.#status = 'ready';
      this.#isBaseDue = this.#isTailNew = true;
      this.flush();
    } catch (error) {
      this.#fail(error);
    }
    this.#planFlush();
  }

  /** Stores all changes so far. Has no effect while the store is not ready. */
  flush(): void {
    this.#isWanted = true;
    this.#running ??= this.#run();
  }

  /** A signal was announced, or is no longer. */
  noteSignal(address: string, definition: SignalDefinition | undefined): void {
    this.#signals.set(address, definition);
  }

  /** Writes a new generation from memory, after a failure. Has no effect if the store is ready. @throws what the disk says */
  recover(): Promise<void> {
    if (this.#status !== 'retrying') return Promise.resolve();
    return (this.#recovering ??= this.#recover().finally(() => {
      this.#recovering = undefined;
    }));
  }

  /** Stores all changes and ends. Rejects if the disk does not take them. */
  async close(): Promise<void> {
    this.#options.clock.clearTimeout(this.#timer);
    await this.#running;
    if (this.#status === 'ready') this.#base?.abort();
    await this.#baseDone;
    await this.recover();
    await this.#running;
    const tail = this.#tail;
    if (this.#status !== 'ready' || tail === undefined) return;
    this.#status = 'closed';
    await this.#writeCut(tail, false);
    await this.#commit(tail, true); // the last cut states it, so that damage of one block costs no other
    await this.#writeCut(tail, true);
    await tail.writer.close();
  }

  toJSON(): object {
    return { status: this.#status, generation: this.#files.generation, cut: this.#cut };
  }

  #planFlush(): void {
    const { clock, intervalSeconds } = this.#options;
    const flush = (): void => {
      this.#planFlush();
      this.flush();
    };
    this.#timer = setBackgroundTimer(clock, flush, intervalSeconds * 1_000);
  }

  async #run(): Promise<void> {
    await this.#options.pause(); // all changes of this turn share a cut
    while (this.#isWanted && this.#status === 'ready') {
      this.#isWanted = false;
      try {
        await this.#flushOnce();
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#running = undefined;
  }

  async #flushOnce(): Promise<void> {
    const { clock, dirty, minTailBytes = MIN_TAIL_BYTES } = this.#options;
    if (this.#isBaseDue && this.#base === undefined) {
      if (!this.#isTailNew) await this.#nextTail();
      this.#isTailNew = false;
      this.#base = await this.#files.createBase();
      await this.#files.syncNames();
    }
    if (clock.now() - this.#checkedMs >= CHECK_MS) {
      await this.#files.check();
      this.#checkedMs = clock.now();
    }
    const tail = this.#tail;
    if (tail === undefined) return;
    if (dirty.hasLost) throw new Error('changes were dropped while the disk did not answer');
    await this.#writeCut(tail, false);
    if (tail.writer.writtenBytes > Math.max(minTailBytes, this.#lastBaseBytes)) this.#isBaseDue = true;
  }

  /** Writes one cut, if anything has changed, and begins a base at its instant if one is due. */
  async #writeCut(tail: StoreFile, isLast: boolean): Promise<void> {
    const { dirty, pause, sync, settled } = this.#options;
    const base = this.#isBaseDue ? this.#base : undefined;
    const { encoder, writer } = tail;
    if (dirty.size === 0 && this.#signals.size === 0 && base === undefined && !isLast) return;
    const cut = ++this.#cut;
    const times = this.#times();
    const mustSync = dirty.beginCut(encoder) || (this.#signals.size > 0 && sync !== 'never');
    encoder.begin(cut, this.#lastMicros, times, [['synced', BigInt(this.#syncedCut)]]);
    if (base !== undefined) this.#startBase(base, cut, times);
    this.#lastMicros = times.monotonicMicros + times.protocolAheadMicros;
    for (const [address, definition] of this.#signals) encoder.signal(address, definition);
    this.#signals.clear();
    while (!dirty.stepCut()) {
      if (writer.queuedBytes > MAX_WAITING_BYTES) await this.#commit(tail, false);
      else await pause();
    }
    dirty.endCut();
    encoder.end(isLast, isLast ? [['stop', 'clean']] : []);
    if (encoder.fault !== undefined) throw encoder.fault as Error; // what the encoder threw
    await this.#commit(tail, mustSync || isLast);
    settled(cut, undefined);
  }

  /** Writes what the tail has. Reports a disk that does not answer. */
  async #commit({ writer }: StoreFile, mustSync: boolean): Promise<void> {
    const [cut, { clock }] = [this.#cut, this.#options];
    const report = (): void => {
      this.#log.slow(SLOW_MS);
    };
    const timer = setBackgroundTimer(clock, report, SLOW_MS);
    try {
      await writer.commit(mustSync);
      if (mustSync) this.#syncedCut = cut;
    } finally {
      clock.clearTimeout(timer);
    }
  }

  #startBase(base: BaseJob, cut: number, times: CutTimes): void {
    this.#isBaseDue = false;
    base.begin(cut, times, this.#files.facts());
    this.#baseDone = this.#runBase(base).catch((error: unknown) => {
      if (this.#base === base) this.#fail(error);
    });
  }

  async #runBase(base: BaseJob): Promise<void> {
    const isStored = await base.run();
    if (this.#base !== base) return; // abandoned after a failure
    await base.file.writer.close();
    this.#base = undefined;
    if (!isStored) return this.#options.files.remove(base.file.writer.path);
    this.#lastBaseBytes = base.file.writer.writtenBytes;
    await this.#files.syncNames();
    await this.#files.retireBefore(base.file);
  }

  /** The tail comes last: a cut in it counts only behind the base that has all earlier changes. */
  async #recover(): Promise<void> {
    const { dirty } = this.#options;
    await this.#closing;
    try {
      await this.#files.nextGeneration();
      const base = await this.#files.createBase();
      this.#base = base;
      dirty.collect();
      this.#signals.clear();
      base.begin(++this.#cut, this.#times(), this.#files.facts());
      await base.run();
      await this.#beginTail();
      await base.file.writer.close();
      this.#base = undefined;
      this.#isBaseDue = false;
      this.#lastBaseBytes = base.file.writer.writtenBytes;
      this.#status = 'ready';
      this.#log.recovered();
      this.#baseDone = this.#files.retireBefore(base.file);
      this.flush();
    } catch (error) {
      this.#abandon();
      this.#log.failed(error);
      throw error;
    }
  }

  async #beginTail(): Promise<void> {
    if (this.#status !== 'retrying') await this.#files.nextGeneration();
    const times = this.#times();
    this.#lastMicros = times.monotonicMicros + times.protocolAheadMicros;
    this.#tail = await this.#files.createTail(++this.#cut, times, this.#syncedCut);
    this.#syncedCut = this.#cut;
  }

  async #nextTail(): Promise<void> {
    const former = this.#tail;
    if (former !== undefined) await this.#commit(former, true); // a power cut must not lose it and leave the next tail
    await this.#beginTail();
    await former?.writer.close();
  }

  #fail(error: unknown): void {
    if (this.#status === 'retrying' || this.#status === 'closed') return;
    this.#status = 'retrying';
    this.#abandon();
    this.#log.failed(error);
    const reason = faultReason(error);
    this.#options.settled(++this.#cut, reason);
    this.#options.failed(reason);
  }

  /** Closes the files, because a file with a failed write or sync must not be used. Frees the space of the base. */
  #abandon(): void {
    const { files, dirty } = this.#options;
    const [base, tail] = [this.#base, this.#tail];
    base?.abort();
    this.#base = this.#tail = undefined;
    dirty.discard();
    this.#closing = (async () => {
      await Promise.allSettled([base?.file.writer.close(), tail?.writer.close()]);
      if (base !== undefined) await files.remove(base.file.writer.path).catch(() => undefined);
    })();
  }

  #times(): CutTimes {
    const { clock, dirty } = this.#options;
    const wallMicros = Math.floor(wallTime(clock) * 1_000);
    return { wallMicros, monotonicMicros: microseconds(clock), protocolAheadMicros: dirty.state.protocolAheadMicros };
  }
}
