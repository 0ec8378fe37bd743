import type { Value } from '../../protocol/values/value.js';
import { wallTime } from '../../util/clock.js';
import { version } from '../../util/version.js';
import { BaseJob } from './base-job.js';
import type { CutTimes } from './cut-encoder.js';
import { loadParams, type LoadedParams, storedFiles } from './load-params.js';
import type { ParamsStoreOptions } from './params-store-options.js';
import { keptRevisions } from './persist-rules.js';
import { PINNED, retireFiles, stateNameOf, storeFolders, type StoreFolders } from './retired-files.js';
import { createStoreFile, type StoreFile } from './store-file.js';
import type { StoreLog } from './store-log.js';
import { revisionStep } from './stored-state.js';

/** The files of a store: those of the current generation, which it creates, and earlier ones, which it moves. */
export class GenerationFiles {
  readonly #options: ParamsStoreOptions;
  readonly #folders: StoreFolders;
  readonly #log: StoreLog;
  #generation = 0;
  #loaded: LoadedParams | undefined;
  #isPinned = false;
  /** Names of the files that this run has created. */
  readonly #created = new Set<string>();

  constructor(options: ParamsStoreOptions, log: StoreLog) {
    this.#options = options;
    this.#folders = storeFolders(options.folder);
    this.#log = log;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Reads what an earlier run has stored. @throws what {@link loadParams} throws */
  async load(): Promise<LoadedParams> {
    const { files, rules, pause } = this.#options;
    await files.makeFolder(this.#folders.params);
    const loaded = await loadParams(files, this.#folders.params, keptRevisions(rules), pause);
    this.#loaded = loaded;
    this.#generation = loaded.lastGeneration;
    return loaded;
  }

  /** Keeps the loaded state permanently, because not all of it was restored. @returns its name */
  pinLoaded(): string {
    this.#isPinned = true;
    return this.#stateName();
  }

  /** Rejects if the folder has vanished. */
  async check(): Promise<void> {
    await this.#options.files.freeBytes(this.#folders.params);
  }

  /** Begins a generation after all that exist, also those of a folder that was not readable before. */
  async nextGeneration(): Promise<void> {
    const { files } = this.#options;
    await files.makeFolder(this.#folders.params);
    const existing = storedFiles(await files.list(this.#folders.params));
    this.#generation = Math.max(this.#generation, existing.at(-1)?.number ?? 0) + 1;
  }

  /**
   * Creates a tail whose first cut says which run writes it. It is on disk before anything depends on it.
   *
   * @param syncedCut the last cut of this run that is on disk; 0 before the first
   */
  async createTail(cut: number, times: CutTimes, syncedCut: number): Promise<StoreFile> {
    const { files } = this.#options;
    const tail = await createStoreFile(files, this.#folders.params, 'tail', this.#generation);
    this.#created.add(tail.name);
    tail.encoder.begin(cut, times.monotonicMicros + times.protocolAheadMicros, times, [
      ...this.facts(),
      ['synced', BigInt(syncedCut)],
    ]);
    tail.encoder.end(false);
    try {
      await tail.writer.commit(true);
      await files.syncFolder(this.#folders.params);
    } catch (error) {
      await tail.writer.close().catch(() => undefined);
      throw error;
    }
    return tail;
  }

  async createBase(): Promise<BaseJob> {
    const { files, dirty, rules, pause } = this.#options;
    const file = await createStoreFile(files, this.#folders.params, 'base', this.#generation);
    this.#created.add(file.name);
    const isSignalKept = (address: string): boolean => rules.of(address) !== 'none';
    return new BaseJob(file, { dirty, isSignalKept, pause });
  }

  /** Resolves when the names of new files are on disk. */
  syncNames(): Promise<void> {
    return this.#options.files.syncFolder(this.#folders.params);
  }

  /**
   * Moves the loaded files to the earlier states, and removes those of earlier generations of this run. Files that could
   * not be loaded, such as those of a newer format, move to a state that is kept permanently. Files of the generation of
   * the base, and of later ones that may have begun already, stay. Does not reject.
   *
   * @param base is on disk
   */
  async retireBefore(base: StoreFile): Promise<void> {
    const { files, keepStates } = this.#options;
    const found = new Set(this.#loaded?.files);
    const damaged = new Set(this.#loaded?.damaged.map(({ file }) => file));
    const hasState = (this.#loaded?.state.params.size ?? 0) > 0;
    try {
      const all = storedFiles(await files.list(this.#folders.params));
      const generation = all.find(({ name }) => name === base.name)?.number ?? 0;
      const older = all.filter(({ number }) => number < generation).map(({ name }) => name);
      const isUnread = (name: string): boolean => !found.has(name) && !this.#created.has(name);
      this.#isPinned ||= older.some(isUnread);
      const isKept = (name: string): boolean => !damaged.has(name) && (isUnread(name) || (hasState && found.has(name)));
      await retireFiles(files, this.#folders, {
        kept: older.filter(isKept),
        stateName: this.#stateName(),
        damaged: older.filter((name) => damaged.has(name)),
        removed: older.filter((name) => !damaged.has(name) && !isKept(name)),
        keepStates,
      });
      this.#loaded = undefined;
      this.#isPinned = false;
      for (const name of older) this.#created.delete(name);
    } catch (error) {
      this.#log.notRetired(error); // they are moved after the next base
    }
  }

  /** The NOTE at the begin of a file. */
  facts(): readonly (readonly [string, Value])[] {
    const { run, intervalSeconds, rules } = this.#options;
    const step = BigInt(revisionStep(intervalSeconds));
    return [
      ['version', version],
      ['run', run],
      ['rules', rules.digest],
      ['step', step],
    ];
  }

  #stateName(): string {
    const wallMicros = this.#loaded?.state.lastWallMicros ?? wallTime(this.#options.clock) * 1_000;
    return stateNameOf(wallMicros) + (this.#isPinned ? PINNED : '');
  }
}
