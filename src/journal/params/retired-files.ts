import type { Files } from '../files/files.js';

/** Folders of a store. */
export interface StoreFolders {
  readonly params: string;
  /** Earlier states, for a restore: a folder each, named by its time. */
  readonly states: string;
  /** Files with damage. */
  readonly damaged: string;
}

export function storeFolders(folder: string): StoreFolders {
  return { params: `${folder}/params`, states: `${folder}/states`, damaged: `${folder}/damaged` };
}

/** What happens to the files of earlier generations when a newer base is on disk. */
export interface Retirement {
  /** Files to keep as an earlier state. */
  readonly kept: readonly string[];
  /** Name of that state. */
  readonly stateName: string;
  /** Files with damage. */
  readonly damaged: readonly string[];
  /** Files to remove. */
  readonly removed: readonly string[];
  /** States to keep, without those that are never removed. */
  readonly keepStates: number;
}

/** States whose names end with this are never removed by the store. */
export const PINNED = '.kept';

/** Moves and removes files. */
export async function retireFiles(files: Files, folders: StoreFolders, retirement: Retirement): Promise<void> {
  const { kept, stateName, damaged, removed, keepStates } = retirement;
  if (damaged.length > 0) {
    await files.makeFolder(folders.damaged);
    for (const name of damaged) await files.rename(`${folders.params}/${name}`, `${folders.damaged}/${name}`);
    await files.syncFolder(folders.damaged);
  }
  if (kept.length > 0 && (keepStates > 0 || stateName.endsWith(PINNED))) {
    const state = `${folders.states}/${stateName}`;
    await files.makeFolder(state);
    for (const name of kept) await files.rename(`${folders.params}/${name}`, `${state}/${name}`);
    await files.syncFolder(state);
  } else {
    for (const name of kept) await files.remove(`${folders.params}/${name}`);
  }
  for (const name of removed) await files.remove(`${folders.params}/${name}`);
  await files.syncFolder(folders.params);
  const states = (await files.list(folders.states)).filter((name) => !name.endsWith(PINNED));
  for (const name of states.slice(0, Math.max(0, states.length - keepStates))) {
    await files.remove(`${folders.states}/${name}`);
  }
}

/** Returns the name of a state by its time: `2026-11-30T22-00-00.000Z`. */
export function stateNameOf(wallMicros: number): string {
  return new Date(wallMicros / 1_000).toISOString().replaceAll(':', '-');
}
