import { faultCode, type Files } from '../files/files.js';
import { nodeFiles } from '../files/node-files.js';
import { scanBlocks } from '../format/block-reader.js';
import { decodeRecords } from '../format/decode-records.js';
import { decodeFileHeader } from '../format/file-header.js';
import { BlockFlag } from '../format/layout.js';
import { StoreFormatError } from '../format/store-format-error.js';
import { storedFiles } from '../params/load-params.js';
import { stateFolder, stateNames } from './list-states.js';

/** Bytes of a file, from `start` to before `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

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
      const found = await verifyFile(nodeFiles, `${place}/${file.name}`, file.name);
      if (found !== undefined) verified.push({ ...found, path: `${place.slice(folder.length + 1)}/${file.name}` });
    }
  }
  return verified;
}

/** @returns undefined if a router has removed or moved the file meanwhile */
async function verifyFile(files: Files, path: string, name: string): Promise<VerifiedFile | undefined> {
  const unreadable = { path, bytes: 0, records: 0, tornBytes: 0, damaged: [], isUnfinished: false };
  let bytes: Uint8Array;
  try {
    bytes = await files.read(path);
  } catch (error) {
    if (faultCode(error) === 'ENOENT') return undefined;
    return { ...unreadable, fault: faultCode(error) };
  }
  try {
    return { path, bytes: bytes.length, fault: undefined, ...contentOf(bytes, name) };
  } catch (error) {
    if (!(error instanceof StoreFormatError)) throw error;
    return { ...unreadable, bytes: bytes.length, fault: error.message };
  }
}

/** @throws StoreFormatError */
function contentOf(bytes: Uint8Array, name: string): Omit<VerifiedFile, 'path' | 'bytes' | 'fault'> {
  const header = decodeFileHeader(bytes, name);
  const damaged: ByteRange[] = [];
  let [records, tornBytes, isEnded] = [0, 0, false];
  if (header === undefined) return { records, tornBytes, damaged, isUnfinished: false }; // not with a name of the store
  if (header.state === 'damaged') damaged.push({ start: 0, end: header.blocksAt });
  for (const item of scanBlocks(bytes, header)) {
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
  return { records, tornBytes, damaged, isUnfinished: header.kind === 'base' && !isEnded };
}
