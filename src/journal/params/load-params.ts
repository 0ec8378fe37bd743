import type { Files } from '../files/files.js';
import { decodeRecords } from '../format/decode-records.js';
import { parseFileName } from '../format/file-name.js';
import type { KeepsRevision } from './persist-rules.js';
import { StoredState } from './stored-state.js';
import { type ByteRange, type FileSurvey, readItems, type StoredFile, surveyFile } from './survey-file.js';

/** Bytes of a file that are lost. */
export interface DamagedRange extends ByteRange {
  readonly file: string;
  /** Why a block with correct checksums is malformed. */
  readonly fault?: string;
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

/**
 * Reads the params of a folder: the newest whole base, then the cuts that follow it. Without a whole base, the readable
 * parts of all bases and cuts. Of a file, only whole cuts count, up to the first one that is not. Exception: if a later
 * cut states that an incomplete one was on disk, it was damaged afterwards, and its readable blocks count. Reads each
 * file twice, in pieces.
 *
 * @param keepsRevision whether the revision of an address is exact after a crash
 * @param pause lets other work run, between blocks
 * @throws StoreFormatError if a newer version wrote a file; what {@link Files} throws
 */
export async function loadParams(
  files: Files,
  folder: string,
  keepsRevision: KeepsRevision,
  pause: () => Promise<void>,
): Promise<LoadedParams> {
  const found = storedFiles(await files.list(folder));
  const surveys: FileSurvey[] = [];
  for (const file of found) surveys.push(await surveyFile(files, folder, file));
  const { selected, damagedBases } = selectFiles(surveys);
  const state = new StoredState();
  const damaged: DamagedRange[] = damagedBases.flatMap(rangesOf);
  let tornBytes = 0;
  let last = 0;
  for (const survey of selected) {
    const until = survey.kind === 'base' ? Infinity : endOfCuts(survey, syncedCutOf(survey, surveys));
    tornBytes += until === Infinity ? survey.tornBytes : survey.byteLength - until;
    damaged.push(...rangesOf(survey).filter(({ start }) => start < until));
    const after = last;
    for await (const item of readItems(files, folder, survey)) {
      if (item.type !== 'block' || item.start >= until || item.number <= after) continue;
      const { records, fault } = decodeRecords(item);
      if (records === undefined) damaged.push({ file: survey.name, start: item.start, end: item.end, fault });
      else state.apply(item.number, records, keepsRevision);
      last = item.number;
      await pause();
    }
  }
  return {
    state,
    files: found.map(({ name }) => name),
    damaged,
    tornBytes,
    lastCut: Math.max(0, ...surveys.map(({ cuts }) => cuts.reduce((most, { number }) => Math.max(most, number), 0))),
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

/**
 * Selects the files to apply, in their order. A power cut, or later damage, can leave a base with its end and without
 * other parts: then its predecessor applies, if that is still there.
 */
function selectFiles(surveys: readonly FileSurvey[]): {
  readonly selected: readonly FileSurvey[];
  /** Bases with an end that are not whole, and are replaced by an earlier one. */
  readonly damagedBases: readonly FileSurvey[];
} {
  const base = surveys.findLast(isWholeBase);
  if (base !== undefined) {
    return {
      selected: [base, ...surveys.filter(({ kind, number }) => kind === 'tail' && number >= base.number)],
      damagedBases: surveys.filter(({ kind, number, isEnded }) => kind === 'base' && number > base.number && isEnded),
    };
  }
  return {
    selected: surveys.filter((survey) => survey.kind === 'tail' || isUsable(survey, surveys)),
    damagedBases: [],
  };
}

function isWholeBase({ kind, isEnded, cuts }: FileSurvey): boolean {
  return kind === 'base' && isEnded && cuts.length === 1 && cuts[0]?.isWhole === true;
}

/**
 * Whether the parts of a damaged base are of use. A base without its end was perhaps never whole: then it has a
 * predecessor, or is the first one, whose tail has all changes.
 */
function isUsable({ number, isEnded }: FileSurvey, surveys: readonly FileSurvey[]): boolean {
  if (isEnded) return true;
  return number > 1 && surveys.some((other) => other.kind === 'tail' && other.number === number);
}

/** Returns the last cut of a file that was on disk, as the files of its run state. */
function syncedCutOf(survey: FileSurvey, surveys: readonly FileSurvey[]): number {
  const ofRun = surveys.filter(({ run }) => run !== undefined && run === survey.run);
  return Math.max(survey.syncedCut, ...ofRun.map(({ syncedCut }) => syncedCut));
}

/**
 * Returns the offset of the first cut that does not count, because it, or one before it, is not whole and was not on
 * disk when the power failed; Infinity if all count.
 */
function endOfCuts({ cuts }: FileSurvey, syncedCut: number): number {
  const first = cuts.find(
    ({ number, isWhole, lostBefore }) => lostBefore > syncedCut || (!isWhole && number > syncedCut),
  );
  return first?.start ?? Infinity;
}

/** A base that is used without its end was damaged there. */
function rangesOf({ name, kind, isEnded, damaged, tornBytes, byteLength }: FileSurvey): readonly DamagedRange[] {
  const isCut = kind === 'base' && !isEnded;
  const ranges = isCut ? [...damaged, { start: byteLength - tornBytes, end: byteLength }] : damaged;
  return ranges.map(({ start, end }) => ({ file: name, start, end }));
}
