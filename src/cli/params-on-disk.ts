import { defaultDataDir } from '../certificates/index.js';
import type { Logger } from '../core/ports.js';
import { FolderLockedError, paramsStore } from '../journal/index.js';
import { TransportError } from '../net/transport-error.js';
import type { Service } from '../router/service.js';
import { persistenceOf } from './persistence.js';
import type { Settings } from './settings.js';
import { UsageError } from './usage-error.js';

/** The params store that the flags select. */
export interface ParamsOnDisk {
  readonly service: Service;
  /** The folder in which params are stored; undefined if they are not. */
  folder(): string | undefined;
}

/**
 * Returns the params store of the command. If no flag asks for it, a store that another router uses, or a user without
 * a folder for data, does not prevent the start: the log states it.
 *
 * @throws UsageError, TransportError
 */
export function paramsOnDisk(settings: Settings, logger: Logger): ParamsOnDisk | undefined {
  const persistence = persistenceOf(settings);
  if (persistence === undefined) return undefined;
  const { instance, rules, isRequested } = persistence;
  const inMemory = (reason: string): void => {
    logger.warn({}, `${reason}; params are kept in memory only`);
  };
  let dataDir: string;
  try {
    dataDir = settings.dataDir ?? defaultDataDir(process.platform, process.env);
  } catch (error) {
    if (isRequested || !(error instanceof TransportError)) throw error;
    inMemory(error.message);
    return undefined;
  }
  const { persistSync: sync, persistIntervalSeconds: intervalSeconds } = settings;
  const store = paramsStore({ dataDir, instance, persist: rules, sync, intervalSeconds });
  const service: Service = {
    name: store.name,
    machines: store.machines,
    observers: store.observers,
    start: async (router, signal) => {
      try {
        await store.start(router, signal);
      } catch (error) {
        if (isRequested || !(error instanceof FolderLockedError)) throw error;
        inMemory(error.message);
        return;
      }
      if (isRequested && store.status !== 'ready') {
        await stopped(store);
        throw new UsageError(
          `--persist cannot store params in ${store.folder}; check the folder, or leave out --persist`,
        );
      }
    },
    stop: () => store.stop?.(),
  };
  return { service, folder: () => (store.status === 'ready' ? store.folder : undefined) };
}

/** Stops a store whose disk cannot be written, and which therefore cannot store the last changes. */
async function stopped(store: Service): Promise<void> {
  try {
    await store.stop?.();
  } catch {
    // the reason is in the log
  }
}
