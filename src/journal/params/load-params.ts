import { decodeFileHeader } from '../format/file-header.js';
import { type FileHeader, parseFileName } from '../format/file-name.js';
import { BlockFlag } from '../format/layout.js';
import { scanBlocks, type StoredBlock } from '../format/block-reader.js';
import { decodeRecords } from '../format/decode-records.js';
import type { StoredRecord } from '../format/records.js';
import type { Files } from '../files/files.js';
import { StoredState } from './stored-state.js';

/** Bytes of a file that are lost. */
export interface DamagedRange {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** The content of a folder of params. */
export interface LoadedParams {
  readonly state: StoredState;
  /** Names of all files of params in the folder. */
  readonly files: readonly string[];
  readonly damaged: readonly DamagedRange[];
  /** Bytes at the ends of files that a crash left incomplete. */
  readonly tornBytes: number;
  /** Number of the last cut; 0 without one. */
  readonly lastCut: number;
  /** The highest generation; 0 without one. */
  readonly lastGeneration: number;
}

interface StoredFile extends FileHeader {
  readonly name: string;
}

/** A cut of a file: all its blocks. */
interface ReadCut {
  readonly number: number;
  readonly blocks: StoredBlock[];
}

interface ReadFile {
  readonly name: string;
  readonly cuts: readonly ReadCut[];
  readonly isEnded: boolean;
}

/**
 * Reads the params of a folder: the newest whole base, then the cuts that follow it. Without a whole base, all that is
 * readable. Only whole cuts count, except where damage lies in front of others.
 *
 * @param keepsRevision whether the revision of an address is exact after a crash
 * @param pause lets other work run, between blocks
 * @throws StoreFormatError if a newer version wrote a file; what {@link Files} throws
 */
export async function loadParams(
  files: Files,
  folder: string,
  keepsRevision: (address: string) => boolean,
  pause: () => Promise<void>,
): Promise<LoadedParams> {
  const found = storedFiles(await files.list(folder));
  const reader = new FolderReader(files, folder);
  const bases = found.filter(({ kind }) => kind === 'base').reverse();
  let first: { readonly base: StoredFile; readonly read: ReadFile } | undefined;
  for (const base of bases) {
    const read = await reader.read(base);
    if (!read.isEnded) continue;
    first = { base, read };
    break;
  }
  const state = new StoredState();
  let lastCut = 0;
  const apply = async ({ name, cuts }: ReadFile): Promise<void> => {
    for (const { number, blocks } of cuts) {
      if (number <= lastCut) continue;
      for (const block of blocks) {
        state.apply(number, reader.recordsOf(name, block), keepsRevision);
        await pause();
      }
      lastCut = number;
    }
  };
  if (first !== undefined) await apply(first.read);
  for (const file of found) {
    if (first !== undefined && (file.kind === 'base' || file.number < first.base.number)) continue;
    await apply(await reader.read(file));
  }
  const { damaged, tornBytes, highestCut } = reader;
  return {
    state,
    files: found.map(({ name }) => name),
    damaged,
    tornBytes,
    lastCut: Math.max(lastCut, highestCut),
    lastGeneration: found.at(-1)?.number ?? 0,
  };
}

/** Returns the files of params among names, by generation, the base of each first. */
export function storedFiles(names: readonly string[]): readonly StoredFile[] {
  const found = names.flatMap((name) => {
    const header = parseFileName(name);
    return header?.kind === 'base' || header?.kind === 'tail' ? [{ ...header, name }] : [];
  });
  return found.sort((one, other) => one.number - other.number || one.kind.localeCompare(other.kind));
}

/** Reads files, and notes what is damaged in them. */
class FolderReader {
  readonly damaged: DamagedRange[] = [];
  tornBytes = 0;
  highestCut = 0;
  readonly #files: Files;
  readonly #folder: string;
  readonly #known = new Map<string, ReadFile>();

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  async read(file: StoredFile): Promise<ReadFile> {
    let read = this.#known.get(file.name);
    if (read === undefined) {
      read = this.#scan(file, await this.#files.read(`${this.#folder}/${file.name}`));
      this.#known.set(file.name, read);
    }
    return read;
  }

  /** Returns the records of a block; none if it is malformed. */
  recordsOf(file: string, block: StoredBlock): readonly StoredRecord[] {
    const { records } = decodeRecords(block);
    if (records === undefined) this.damaged.push({ file, start: block.start, end: block.end });
    return records ?? [];
  }

  #scan({ name }: StoredFile, bytes: Uint8Array): ReadFile {
    const header = decodeFileHeader(bytes, name);
    if (header === undefined) return { name, cuts: [], isEnded: false };
    const cuts: ReadCut[] = [];
    let open: ReadCut | undefined;
    let isEnded = false;
    if (header.state === 'damaged') this.damaged.push({ file: name, start: 0, end: header.blocksAt });
    for (const item of scanBlocks(bytes, header)) {
      if (item.type !== 'block') {
        if (item.type === 'damaged') this.damaged.push({ file: name, start: item.start, end: item.end });
        else this.tornBytes += item.end - item.start;
        continue;
      }
      if (open !== undefined && open.number !== item.number) cuts.push(open); // its last block is damaged
      if (open?.number !== item.number) open = { number: item.number, blocks: [] };
      open.blocks.push(item);
      this.highestCut = Math.max(this.highestCut, item.number);
      isEnded = (item.flags & BlockFlag.End) !== 0;
      if ((item.flags & BlockFlag.Last) === 0) continue;
      cuts.push(open);
      open = undefined;
    }
    return { name, cuts, isEnded };
  }
}
