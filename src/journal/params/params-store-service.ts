import { randomBytes } from 'node:crypto';
import type { ActorRefFrom } from 'xstate';
import type { Change, ChangeLog, Observers, ReplyHold } from '../../core/observers.js';
import type { Logger } from '../../core/ports.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Service, ServiceRouter } from '../../router/service.js';
import { microseconds, wallTime } from '../../util/clock.js';
import { nodeFiles } from '../files/node-files.js';
import { FolderLockedError, lockFolder } from '../lock/folder-lock.js';
import { DirtyParams } from './dirty-params.js';
import type { LoadedParams } from './load-params.js';
import { ParamsStore, type StoreStatus } from './params-store.js';
import { PersistRules } from './persist-rules.js';
import { restoreLoaded } from './restore-loaded.js';
import { faultReason } from './store-log.js';
import { storeMachine } from './store-machine.js';
import { type ParamsStoreServiceOptions, type ResolvedStoreOptions, resolveStoreOptions } from './store-options.js';

/** A params store as a service of a router. */
export interface ParamsStoreService extends Service {
  /** Whether params are being stored; `opening` before the start. */
  readonly status: StoreStatus;
  /** Folder of the store. */
  readonly folder: string;
}

/**
 * Stores the params of a router on disk, and restores them at its start, before the transports open. One router uses a
 * folder. A disk that fails never stops the router: the store retries.
 *
 * @throws ArgumentError for a wrong option, ClaspError 202 for an invalid pattern
 */
export function paramsStore(options: ParamsStoreServiceOptions): ParamsStoreService {
  return new RunningStore(resolveStoreOptions(options));
}

class RunningStore implements ParamsStoreService {
  readonly name = 'params store';
  readonly folder: string;
  readonly machines = [storeMachine];
  readonly observers: Observers;
  readonly #options: ResolvedStoreOptions;
  readonly #rules: PersistRules;
  readonly #dirty: DirtyParams;
  #store: ParamsStore | undefined;
  #actor: ActorRefFrom<typeof storeMachine> | undefined;
  #unlock: () => Promise<void> = () => Promise.resolve();
  /** Why it is not ready. */
  #reason = 'the router is starting';

  constructor(options: ResolvedStoreOptions) {
    const { dataDir, instance, persist, sync } = options;
    this.#options = options;
    this.folder = `${dataDir}/store/${instance}`;
    this.#rules = new PersistRules(persist, sync);
    this.#dirty = new DirtyParams(this.#rules);
    this.observers = {
      paramWatch: this.#dirty,
      changeLog: this.#changeLog(),
      ...(this.#rules.hasAlways && { replyHold: this.#replyHold() }),
    };
  }

  get status(): StoreStatus {
    return this.#store?.status ?? 'opening';
  }

  async start(router: ServiceRouter): Promise<void> {
    const {
      files = nodeFiles,
      clock = router.clock,
      sync,
      intervalSeconds,
      keepStates,
      onStoreFailure,
    } = this.#options;
    const { logger } = router;
    const store = new ParamsStore({
      files,
      folder: this.folder,
      clock,
      logger,
      dirty: this.#dirty,
      rules: this.#rules,
      sync,
      intervalSeconds,
      keepStates,
      run: randomBytes(8).toString('hex'),
      pause: () => new Promise((resolve) => void setImmediate(resolve)),
      settled: (cut, failure) => {
        router.settleCut(cut, onStoreFailure === 'continue' ? undefined : failure);
      },
      failed: (reason) => {
        this.#reason = reason;
        this.#actor?.send({ type: 'store.failed', reason });
      },
    });
    await this.#lock(logger);
    // A service that is started again keeps its actor.
    const recover = (): Promise<void> => this.#store?.recover() ?? Promise.resolve();
    const actor = router.addActor('store', storeMachine, { store: { recover } });
    this.#actor = actor as ActorRefFrom<typeof storeMachine> | undefined; // it has the type of its logic
    const loaded = await this.#load(store, logger);
    if (loaded !== undefined) {
      const now = { wallMicros: Math.floor(wallTime(clock) * 1_000), monotonicMicros: microseconds(clock) };
      await restoreLoaded(loaded, { router, rules: this.#rules, state: this.#dirty.state, now, store });
    }
    this.#store = store;
    await store.begin();
    if (store.status === 'ready') this.#actor?.send({ type: 'store.opened' });
  }

  async stop(): Promise<void> {
    try {
      await this.#store?.close();
    } finally {
      await this.#unlock();
    }
  }

  /** A folder that cannot be locked, because it cannot be written, is no reason not to start. @throws FolderLockedError */
  async #lock(logger: Logger): Promise<void> {
    if (this.#options.files !== undefined) return;
    try {
      await nodeFiles.makeFolder(this.folder);
      this.#unlock = await lockFolder(this.folder);
    } catch (error) {
      if (error instanceof FolderLockedError) throw error;
      logger.warn({ err: error, folder: this.folder }, `the params store has no lock: ${faultReason(error)}`);
    }
  }

  async #load(store: ParamsStore, logger: Logger): Promise<LoadedParams | undefined> {
    try {
      return await store.load();
    } catch (error) {
      const { folder } = this;
      logger.error({ err: error, folder }, `the router starts without stored params: ${faultReason(error)}`);
      return undefined;
    }
  }

  #changeLog(): ChangeLog {
    let position = 0;
    return {
      wants: (address, type) => type === 'announced' && this.#rules.of(address) !== 'none',
      append: (changes) => {
        for (const change of changes) this.#noteSignal(change);
        return (position += changes.length);
      },
      onCommitted: () => () => undefined,
    };
  }

  #noteSignal(change: Change): void {
    if (change.type === 'announced') this.#store?.noteSignal(change.definition.address, change.definition);
    if (change.type === 'forgotten') this.#store?.noteSignal(change.address, undefined);
  }

  #replyHold(): ReplyHold {
    const { onStoreFailure } = this.#options;
    const isAlways = (address: string): boolean => this.#rules.of(address) === 'always';
    return {
      check: (address) => {
        if (this.status === 'ready' || onStoreFailure === 'continue' || !isAlways(address)) return;
        const text = `Store unavailable: ${this.#reason}; nothing was changed`;
        throw new ClaspError(ErrorCode.Overloaded, text, { address });
      },
      cutFor: (address) => {
        const store = this.#store;
        if (store?.status !== 'ready' || !isAlways(address)) return 0;
        store.flush();
        return store.nextCut;
      },
    };
  }
}
