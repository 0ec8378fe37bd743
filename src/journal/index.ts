/** Params that survive a restart of the router. */
export type { Files, GrowingFile } from './files/files.js';
export { FolderLockedError } from './lock/folder-lock.js';
export { type ParamsStoreService, paramsStore } from './params/params-store-service.js';
export type { PersistRule, SyncMode } from './params/persist-rules.js';
export type { ParamsStoreServiceOptions } from './params/store-options.js';
export type { StoreStatus } from './params/params-store.js';
