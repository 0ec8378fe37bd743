import type { PersistRule } from '../journal/params/persist-rules.js';
import type { Settings } from './settings.js';
import { UsageError } from './usage-error.js';

/** What the flags say about params on disk. */
export interface Persistence {
  /** Name of the store in the data folder. */
  readonly instance: string;
  readonly rules: readonly PersistRule[];
  /** Whether a flag asks for the store: the router does not start without it. */
  readonly isRequested: boolean;
}

/** A name that is one folder on every system. */
const validInstance = /^[0-9A-Za-z][\w.-]{0,63}$/;

/**
 * Returns how params are stored; undefined if they are not. A router on any free port has a store only in a data folder
 * that is given: the next start could not find the store of a port that the system selected.
 *
 * @throws UsageError
 */
export function persistenceOf(settings: Settings): Persistence | undefined {
  const { persist, needsPersist, persistOnly, persistExcept, port, dataDir } = settings;
  const given = settings.instance;
  const isRequested =
    needsPersist ||
    persistOnly.length + persistExcept.length > 0 ||
    settings.persistSync !== 'interval' ||
    given !== undefined;
  if (!persist) {
    if (isRequested) throw new UsageError('--no-persist excludes the other flags for params on disk; leave it out');
    return undefined;
  }
  if (port === 0 && dataDir === undefined) {
    if (isRequested) throw new UsageError('--persist with --port 0 needs --data-dir, because a free port has no store');
    return undefined;
  }
  const instance = checkedInstance(given ?? (port === 0 ? 'default' : String(port)));
  return { instance, rules: rulesOf(persistOnly, persistExcept), isRequested };
}

/** @throws UsageError if the name cannot be that of a store */
export function checkedInstance(name: string): string {
  if (validInstance.test(name)) return name;
  throw new UsageError('--instance must be up to 64 letters, digits, dots, dashes and underscores');
}

/** The first rule that matches an address applies. */
function rulesOf(only: readonly string[], except: readonly string[]): readonly PersistRule[] {
  return [
    ...except.map((pattern) => ({ pattern, keep: false })),
    ...(only.length === 0 ? ['/**'] : only).map((pattern) => ({ pattern })),
  ];
}
