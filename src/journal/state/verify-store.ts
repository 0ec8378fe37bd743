import { faultCode, type Files } from '../files/files.js';
import { nodeFiles } from '../files/node-files.js';
import { decodeRecords } from '../format/decode-records.js';
import { BlockFlag } from '../format/layout.js';
import { StoreFormatError } from '../format/store-format-error.js';
import { storedFiles } from '../params/load-params.js';
import { type ByteRange, readItems, type StoredFile } from '../params/survey-file.js';
import { stateFolder, stateNames } from './list-states.js';

/** What a file contains. */
export interface VerifiedFile {
  /** Its path in the folder of the store. */
  readonly path: string;
  readonly bytes: number;
  /** Readable params, removals and signals. */
  readonly records: number;
  /** Bytes at its end that a crash left incomplete. */
  readonly tornBytes: number;
  readonly damaged: readonly ByteRange[];
  /** Whether it is a base without an end: a crash ended its router, or the router is writing it. */
  readonly isUnfinished: boolean;
  /** Why it cannot be read; undefined if it can. */
  readonly fault: string | undefined;
}

/** Reads each file of a store: those of the current state, then those of the kept states. Changes nothing. */
export async function verifyStore(folder: string): Promise<readonly VerifiedFile[]> {
  const verified: VerifiedFile[] = [];
  for (const name of [undefined, ...(await stateNames(folder))]) {
    const place = stateFolder(folder, name);
    for (const file of storedFiles(await nodeFiles.list(place))) {
      const found = await verifyFile(nodeFiles, place, file);
      if (found !== undefined) verified.push({ ...found, path: `${place.slice(folder.length + 1)}/${file.name}` });
    }
  }
  return verified;
}

/** @returns undefined if a router has removed or moved the file meanwhile */
async function verifyFile(files: Files, folder: string, file: StoredFile): Promise<VerifiedFile | undefined> {
  const path = `${folder}/${file.name}`;
  const unreadable = { path, bytes: 0, records: 0, tornBytes: 0, damaged: [], isUnfinished: false };
  try {
    return { path, fault: undefined, ...(await contentOf(files, folder, file)) };
  } catch (error) {
    if (faultCode(error) === 'ENOENT') return undefined;
    return { ...unreadable, fault: error instanceof StoreFormatError ? error.message : faultCode(error) };
  }
}

/** @throws StoreFormatError; what {@link Files} throws */
async function contentOf(
  files: Files,
  folder: string,
  file: StoredFile,
): Promise<Omit<VerifiedFile, 'path' | 'fault'>> {
  const damaged: ByteRange[] = [];
  let [bytes, records, tornBytes, isEnded] = [0, 0, 0, false];
  const count = (more: number): void => {
    bytes += more;
  };
  for await (const item of readItems(files, folder, file, count)) {
    const { start, end } = item;
    if (item.type === 'block') {
      isEnded = (item.flags & BlockFlag.End) !== 0;
      if (decodeRecords(item).records === undefined) damaged.push({ start, end });
      else records += item.entries;
      continue;
    }
    isEnded = false;
    if (item.type === 'damaged') damaged.push({ start, end });
    else tornBytes += end - start;
  }
  return { bytes, records, tornBytes, damaged, isUnfinished: file.kind === 'base' && !isEnded };
}
