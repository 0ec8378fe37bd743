import type { Files } from '../files/files.js';
import { BlockScanner, type ScanItem, type StoredBlock } from '../format/block-reader.js';
import { decodeRecords } from '../format/decode-records.js';
import { type DecodedFileHeader, decodeFileHeader } from '../format/file-header.js';
import type { FileHeader } from '../format/file-name.js';
import { BlockFlag, FILE_HEADER_BYTES } from '../format/layout.js';

export interface StoredFile extends FileHeader {
  /** Without its folder. */
  readonly name: string;
}

/** Bytes of a file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A cut of a file. */
export interface SurveyedCut {
  readonly number: number;
  /** Offset at which its first readable block, or the damage before it, begins. */
  readonly start: number;
  /** Number of the last cut that is lost entirely between this one and the previous one; 0 = none. */
  readonly lostBefore: number;
  /** Whether it has all its blocks. */
  isWhole: boolean;
}

/** What a file contains, without its records. */
export interface FileSurvey extends StoredFile {
  readonly cuts: readonly SurveyedCut[];
  /** Whether its last block is its intended end. */
  readonly isEnded: boolean;
  /** Lost ranges in the middle. */
  readonly damaged: readonly ByteRange[];
  /** Bytes behind the last whole block. */
  readonly tornBytes: number;
  readonly byteLength: number;
  /** Run of the router that wrote it, if that is readable. */
  readonly run: string | undefined;
  /** The last cut that was on disk when a later one of this file began; 0 = unknown. */
  readonly syncedCut: number;
}

/**
 * Reads the blocks of a file in pieces, so that a file of any size occupies about 2 MiB of memory.
 *
 * @param onBytes called with the length of each piece
 * @throws StoreFormatError if a newer version wrote it; what {@link Files} throws
 */
export async function* readItems(
  files: Files,
  folder: string,
  { name }: StoredFile,
  onBytes: (count: number) => void = () => undefined,
): AsyncGenerator<ScanItem, void, undefined> {
  let scanner: BlockScanner | undefined;
  let head: Uint8Array = new Uint8Array(0);
  const begin = (): readonly ScanItem[] => {
    const header: DecodedFileHeader | undefined = decodeFileHeader(head, name);
    if (header === undefined) return [];
    scanner = new BlockScanner(header);
    const damaged = { type: 'damaged', start: 0, end: header.blocksAt } as const;
    return [...(header.state === 'damaged' ? [damaged] : []), ...scanner.push(head)];
  };
  for await (const piece of files.read(`${folder}/${name}`)) {
    onBytes(piece.length);
    if (scanner !== undefined) {
      yield* scanner.push(piece);
      continue;
    }
    head = head.length === 0 ? piece : Buffer.concat([head, piece]);
    if (head.length >= FILE_HEADER_BYTES) yield* begin();
  }
  if (scanner === undefined) yield* begin();
  yield* scanner?.end() ?? [];
}

/** Reads which cuts a file has, and which of them have all their blocks. @throws as {@link readItems} does */
export async function surveyFile(files: Files, folder: string, file: StoredFile): Promise<FileSurvey> {
  const survey = new Survey();
  for await (const item of readItems(files, folder, file)) survey.add(item);
  survey.finish();
  const { cuts, isEnded, damaged, tornBytes, byteLength, run, syncedCut } = survey;
  return { ...file, cuts, isEnded, damaged, tornBytes, byteLength, run, syncedCut };
}

class Survey {
  readonly cuts: SurveyedCut[] = [];
  readonly damaged: ByteRange[] = [];
  isEnded = false;
  tornBytes = 0;
  byteLength = 0;
  run: string | undefined;
  syncedCut = 0;
  /** Whether the last cut has had no block with the flag LAST yet. */
  #isOpen = false;
  /** Where damage before the next block begins. */
  #gapFrom: number | undefined;

  add(item: ScanItem): void {
    this.byteLength = item.end;
    switch (item.type) {
      case 'block':
        this.#block(item);
        break;
      case 'damaged':
        this.damaged.push({ start: item.start, end: item.end });
        // Damage of the file header is not damage of a cut.
        if (item.start > 0) this.#gapFrom = item.start;
        break;
      case 'torn':
        this.tornBytes += item.end - item.start;
        break;
    }
  }

  #block(block: StoredBlock): void {
    const open = this.#isOpen ? this.cuts.at(-1) : undefined;
    const gapFrom = this.#gapFrom;
    this.#gapFrom = undefined;
    let cut = open;
    if (cut?.number !== block.number) {
      if (open !== undefined) open.isWhole = false; // its last block is lost
      const previous = this.cuts.at(-1)?.number ?? 0;
      const isNext = gapFrom === undefined || block.number - 1 <= previous;
      const isBegun = this.#begin(block) || gapFrom === undefined;
      cut = {
        number: block.number,
        start: gapFrom ?? block.start,
        lostBefore: isNext ? 0 : block.number - 1,
        isWhole: isBegun,
      };
      this.cuts.push(cut);
    } else if (gapFrom !== undefined) {
      cut.isWhole = false;
    }
    this.isEnded = (block.flags & BlockFlag.End) !== 0;
    this.#isOpen = (block.flags & BlockFlag.Last) === 0;
  }

  /** Reads the NOTE of times, with which a cut begins. @returns whether the block has it */
  #begin(block: StoredBlock): boolean {
    const first = decodeRecords(block, () => false).records?.[0];
    if (first?.type !== 'note' || !first.content.has('wall')) return false;
    const run = first.content.get('run');
    const synced = first.content.get('synced');
    if (typeof run === 'string') this.run ??= run;
    if (typeof synced === 'bigint') this.syncedCut = Math.max(this.syncedCut, Number(synced));
    return true;
  }

  /** Marks the last cut if it has not ended. */
  finish(): void {
    const last = this.cuts.at(-1);
    if (this.#isOpen && last !== undefined) last.isWhole = false;
  }
}
