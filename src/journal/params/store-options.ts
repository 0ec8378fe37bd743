import { ArgumentError, checkNames, checkOneOf, checkText } from '../../util/arguments.js';
import type { Clock } from '../../util/clock.js';
import type { Files } from '../files/files.js';
import { type PersistRule, type SyncMode, syncModes } from './persist-rules.js';

export interface ParamsStoreServiceOptions {
  /** Folder for data of the router. The store is in `store/<instance>` below it. */
  readonly dataDir: string;
  /** Name of the store: 1 to 64 characters of A-Z, a-z, 0-9, `.`, `_` and `-`. @default 'default' */
  readonly instance?: string | undefined;
  /** Which params are stored: the first rule that matches applies. @default all params */
  readonly persist?: readonly PersistRule[] | undefined;
  /** When writes are on disk, for rules that do not say it. @default 'interval' */
  readonly sync?: SyncMode | undefined;
  /** Seconds between flushes: 0.01 to 3,600. @default 1 */
  readonly intervalSeconds?: number | undefined;
  /** Earlier states to keep: at each start, the state that was found becomes one. 0 to 1,000. @default 3 */
  readonly keepStates?: number | undefined;
  /**
   * What happens to writes under `always` that cannot be stored: `refuse` answers 503, or 500 if the write was applied
   * already; `continue` acknowledges them. @default 'refuse'
   */
  readonly onStoreFailure?: 'refuse' | 'continue' | undefined;
  /** The file system, for tests. @default that of the computer */
  readonly files?: Files | undefined;
  /** @default the clock of the router */
  readonly clock?: Clock | undefined;
}

/** The options with their defaults. */
export interface ResolvedStoreOptions {
  readonly dataDir: string;
  readonly instance: string;
  readonly persist: readonly PersistRule[];
  readonly sync: SyncMode;
  readonly intervalSeconds: number;
  readonly keepStates: number;
  readonly onStoreFailure: 'refuse' | 'continue';
  readonly files: Files | undefined;
  readonly clock: Clock | undefined;
}

const optionNames = {
  dataDir: true,
  instance: true,
  persist: true,
  sync: true,
  intervalSeconds: true,
  keepStates: true,
  onStoreFailure: true,
  files: true,
  clock: true,
} satisfies Record<keyof ParamsStoreServiceOptions, true>;

/** @throws ArgumentError for a wrong option */
export function resolveStoreOptions(options: ParamsStoreServiceOptions): ResolvedStoreOptions {
  checkNames('paramsStore', options, Object.keys(optionNames));
  const {
    dataDir,
    instance = 'default',
    persist = [{ pattern: '/**' }],
    sync = 'interval',
    intervalSeconds = 1,
    keepStates = 3,
    onStoreFailure = 'refuse',
    files,
    clock,
  } = options;
  checkText('dataDir', dataDir);
  if (!/^(?!\.{1,2}$)[\w.-]{1,64}$/.test(instance)) {
    throw new ArgumentError('instance must be 1 to 64 characters of A-Z, a-z, 0-9, ., _ and -');
  }
  checkOneOf('sync', sync, syncModes);
  checkOneOf('onStoreFailure', onStoreFailure, ['refuse', 'continue']);
  checkRange('intervalSeconds', intervalSeconds, 0.01, 3_600);
  checkRange('keepStates', keepStates, 0, 1_000);
  if (!Number.isInteger(keepStates)) throw new ArgumentError('keepStates must be a whole number');
  return { dataDir, instance, persist, sync, intervalSeconds, keepStates, onStoreFailure, files, clock };
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (typeof value === 'number' && value >= least && value <= most) return;
  throw new ArgumentError(`${name} must be a number from ${least} to ${most}, not ${String(value)}`);
}
