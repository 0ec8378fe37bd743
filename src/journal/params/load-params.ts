import { decodeFileHeader } from '../format/file-header.js';
import { type FileHeader, parseFileName } from '../format/file-name.js';
import { BlockFlag } from '../format/layout.js';
import { scanBlocks, type StoredBlock } from '../format/block-reader.js';
import { decodeRecords } from '../format/decode-records.js';
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

/** A cut of a file. */
interface ReadCut {
  readonly number: number;
  readonly blocks: StoredBlock[];
  /** Whether it has all its blocks. */
  isWhole: boolean;
}

interface ReadFile {
  readonly name: string;
  readonly cuts: readonly ReadCut[];
  readonly isEnded: boolean;
  readonly damaged: readonly DamagedRange[];
}

/**
 * Reads the params of a folder: the newest whole base, then the cuts that follow it. Without a whole base, the readable
 * parts of all bases, then all cuts: a cut repeats what a base of its instant contains. Of a file, only whole cuts
 * count, except for those with later cuts behind them: they were on disk, and were damaged afterwards.
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
  const bases = found.filter(({ kind }) => kind === 'base');
  const tails = found.filter(({ kind }) => kind === 'tail');
  const state = new StoredState();
  const damaged: DamagedRange[] = [];
  const apply = async (file: ReadFile, after: number): Promise<number> => {
    let last = after;
    damaged.push(...file.damaged);
    for (const { number, blocks } of file.cuts) {
      if (number <= last) continue;
      last = number;
      for (const block of blocks) {
        const { records } = decodeRecords(block);
        if (records === undefined) damaged.push({ file: file.name, start: block.start, end: block.end });
        else state.apply(number, records, keepsRevision);
        await pause();
      }
    }
    return last;
  };
  const base = await reader.newestWhole(bases);
  let last = 0;
  if (base !== undefined) last = await apply(base.read, 0);
  else for (const file of bases) await apply(await reader.read(file), 0);
  for (const file of tails) {
    if (base === undefined || file.number >= base.number) last = await apply(await reader.read(file), last);
  }
  const { tornBytes, highestCut } = reader;
  return {
    state,
    files: found.map(({ name }) => name),
    damaged,
    tornBytes,
    lastCut: Math.max(last, highestCut),
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

/** Reads files of a folder. */
class FolderReader {
  tornBytes = 0;
  highestCut = 0;
  readonly #files: Files;
  readonly #folder: string;

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /** A power cut can leave a base with its end and without other parts. Its predecessor is still there then. */
  async newestWhole(
    bases: readonly StoredFile[],
  ): Promise<{ readonly number: number; readonly read: ReadFile } | undefined> {
    for (const base of [...bases].reverse()) {
      const read = await this.read(base);
      if (read.isEnded && read.damaged.length === 0 && read.cuts.every(({ isWhole }) => isWhole)) {
        return { number: base.number, read };
      }
    }
    return undefined;
  }

  async read({ name }: StoredFile): Promise<ReadFile> {
    const bytes = await this.#files.read(`${this.#folder}/${name}`);
    const header = decodeFileHeader(bytes, name);
    const damaged: DamagedRange[] = [];
    const cuts: ReadCut[] = [];
    if (header === undefined) return { name, cuts, isEnded: false, damaged };
    let open: ReadCut | undefined;
    let hasGap = false;
    let isEnded = false;
    if (header.state === 'damaged') damaged.push({ file: name, start: 0, end: header.blocksAt });
    for (const item of scanBlocks(bytes, header)) {
      if (item.type !== 'block') {
        if (item.type === 'damaged') damaged.push({ file: name, start: item.start, end: item.end });
        else this.tornBytes += item.end - item.start;
        hasGap = true;
        continue;
      }
      if (open?.number !== item.number) {
        if (open !== undefined) cuts.push({ ...open, isWhole: false }); // its last block is damaged
        open = { number: item.number, blocks: [], isWhole: !hasGap || isFirstBlock(item) };
      } else if (hasGap) {
        open.isWhole = false;
      }
      hasGap = false;
      open.blocks.push(item);
      this.highestCut = Math.max(this.highestCut, item.number);
      isEnded = (item.flags & BlockFlag.End) !== 0;
      if ((item.flags & BlockFlag.Last) === 0) continue;
      cuts.push(open);
      open = undefined;
    }
    if (cuts.at(-1)?.isWhole === false && !isEnded) cuts.pop(); // it was not on disk yet
    return { name, cuts, isEnded, damaged };
  }
}

/** Whether a block begins a cut: with the NOTE of its times. */
function isFirstBlock(block: StoredBlock): boolean {
  const first = decodeRecords(block).records?.[0];
  return first?.type === 'note' && first.content.has('wall');
}
