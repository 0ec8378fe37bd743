import type { Logger } from '../../core/ports.js';
import type { Clock } from '../../util/clock.js';
import type { Files } from '../files/files.js';
import type { DirtyParams } from './dirty-params.js';
import type { PersistRules, SyncMode } from './persist-rules.js';

export interface ParamsStoreOptions {
  readonly files: Files;
  /** Folder of the store. */
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dirty: DirtyParams;
  readonly rules: PersistRules;
  readonly sync: SyncMode;
  readonly intervalSeconds: number;
  /** Earlier states to keep. */
  readonly keepStates: number;
  /** A tail that exceeds this, and the last base, is replaced by a new base. @default 16 MiB */
  readonly minTailBytes?: number | undefined;
  /** Unique per start of a router. */
  readonly run: string;
  /** Lets other work run between slices, in a later turn of the event loop. */
  readonly pause: () => Promise<void>;
  /** All changes up to this cut are stored; or they are not, because of `failure`. */
  readonly settled: (cut: number, failure: string | undefined) => void;
  /** The disk has failed: `ParamsStore.recover` must be called until it resolves. */
  readonly failed: (reason: string) => void;
}
