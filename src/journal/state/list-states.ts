import { stat } from 'node:fs/promises';
import { faultCode, type Files } from '../files/files.js';
import { nodeFiles } from '../files/node-files.js';
import { storedFiles } from '../params/load-params.js';
import { PINNED, storeFolders } from '../params/retired-files.js';
import { readStored } from './read-stored.js';

/** A state of a store. */
export interface ListedState {
  /** undefined: the current state. */
  readonly name: string | undefined;
  /** Calendar time of its last cut, in microseconds; undefined if it is empty or not readable. */
  readonly wallMicros: number | undefined;
  /** undefined if it is not readable. */
  readonly params: number | undefined;
  /** Bytes of its files. */
  readonly bytes: number;
  /** Whether no start of a router removes it. */
  readonly isPinned: boolean;
}

/** Returns the folder of a state: of the current one without a name. */
export function stateFolder(folder: string, name: string | undefined): string {
  const { params, states } = storeFolders(folder);
  return name === undefined ? params : `${states}/${name}`;
}

/** Returns the names of the kept states of a store, the oldest first. */
export async function stateNames(folder: string): Promise<readonly string[]> {
  return nodeFiles.list(storeFolders(folder).states);
}

/** Returns the current state of a store, then the kept ones, the oldest first. Works while a router stores into it. */
export async function listStates(folder: string): Promise<readonly ListedState[]> {
  const states: ListedState[] = [];
  for (const name of [undefined, ...(await stateNames(folder))]) {
    states.push(await listedState(nodeFiles, stateFolder(folder, name), name));
  }
  return states;
}

async function listedState(files: Files, folder: string, name: string | undefined): Promise<ListedState> {
  const isPinned = name?.endsWith(PINNED) ?? false;
  const bytes = await bytesOf(files, folder);
  try {
    const { state } = await readStored(files, folder);
    return { name, wallMicros: state.lastWallMicros, params: state.params.size, bytes, isPinned };
  } catch {
    return { name, wallMicros: undefined, params: undefined, bytes, isPinned }; // verifyStore says why
  }
}

async function bytesOf(files: Files, folder: string): Promise<number> {
  let sum = 0;
  for (const { name } of storedFiles(await files.list(folder))) {
    try {
      sum += (await stat(`${folder}/${name}`)).size;
    } catch (error) {
      if (faultCode(error) !== 'ENOENT') throw error; // a router has moved it
    }
  }
  return sum;
}
