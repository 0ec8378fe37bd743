import { dirname } from 'node:path';
import { defaultDataDir } from '../certificates/index.js';
import { nodeFiles } from '../journal/files/node-files.js';
import {
  contentAtLastCut,
  contentAtStart,
  type ListedState,
  listStates,
  mergedWith,
  readStored,
  type ReplacedState,
  replaceState,
  stateFolder,
  stateNames,
  type VerifiedFile,
  verifyStore,
} from '../journal/state/index.js';
import { flagHelp } from './command-line.js';
import { errorInFlags } from './flag-names.js';
import { readStateFile } from './state-file.js';
import { routerStateOf, stateLines } from './state-json.js';
import {
  readStateRequest,
  type StateCommandName,
  stateCommandNames,
  stateCommands,
  stateLine,
  type StateRequest,
  type StorePlace,
} from './state-request.js';
import { textTable } from './text-table.js';
import { UsageError } from './usage-error.js';

/** The parts of the process that the command uses. */
export interface StateCommandHost {
  /** As `process.platform` has it. */
  readonly platform: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The result. */
  readonly stdout: (text: string) => void;
  /** All other text. */
  readonly stderr: (text: string) => void;
  /** Calendar time in microseconds. */
  readonly wallMicros: number;
}

/**
 * Runs `clasp-router state ...`: reads or replaces the params that a router has stored.
 *
 * @param args the arguments after `state`
 * @returns the exit code
 * @throws UsageError, FolderLockedError, RouterStateError, StoreFormatError, TransportError with one sentence
 */
export async function stateCommand(args: readonly string[], host: StateCommandHost): Promise<number> {
  try {
    const request = readStateRequest(args, host.environment);
    return request.kind === 'help' ? printHelp(request.command, host) : await run(request, host);
  } catch (error) {
    throw errorInFlags(isSystemError(error) ? new UsageError(error.message, { cause: error }) : error);
  }
}

type StoreRequest = Exclude<StateRequest, { readonly kind: 'help' }>;

async function run(request: StoreRequest, host: StateCommandHost): Promise<number> {
  const folder = request.kind === 'import' ? storeFolder(request, host) : await existingStore(request, host);
  switch (request.kind) {
    case 'list':
      host.stdout(listing(await listStates(folder)));
      return 0;
    case 'verify': {
      const verified = await verifyStore(folder);
      if (verified.length === 0) host.stderr(`no files of params in ${folder}\n`);
      else host.stdout(verification(verified));
      return exitCodeOf(verified);
    }
    case 'export': {
      const { pattern, state: name } = request;
      await checkState(folder, name);
      const { state } = await readStored(nodeFiles, stateFolder(folder, name));
      const savedAtMicros = state.lastWallMicros ?? 0;
      const lines = stateLines(routerStateOf(contentAtLastCut(state), savedAtMicros, pattern));
      for (const line of lines) host.stdout(line);
      return 0;
    }
    case 'restore': {
      const { state: name } = request;
      await checkState(folder, name);
      const replaced = await replaceState(folder, host.wallMicros, async () => {
        const { state } = await readStored(nodeFiles, stateFolder(folder, name));
        return contentAtStart(state, host.wallMicros);
      });
      host.stderr(`the state ${name} is the current one: ${replacementText(replaced)}\n`);
      return 0;
    }
    case 'import': {
      const { file, isMerged } = request;
      const imported = await readStateFile(file, host.wallMicros);
      const replaced = await replaceState(folder, host.wallMicros, (present) =>
        isMerged ? mergedWith(present, imported) : imported,
      );
      host.stderr(`${file} is imported: ${replacementText(replaced)}\n`);
      return 0;
    }
  }
}

function replacementText({ params, keptAs }: ReplacedState): string {
  return `${params} params; ${keptAs === undefined ? 'no params were stored before' : `the earlier state is kept as ${keptAs}`}`;
}

function storeFolder({ dataDir, instance }: StorePlace, host: StateCommandHost): string {
  return `${dataDir ?? defaultDataDir(host.platform, host.environment)}/store/${instance}`;
}

/** @throws UsageError if the store does not exist */
async function existingStore(place: StorePlace, host: StateCommandHost): Promise<string> {
  const { instance } = place;
  const folder = storeFolder(place, host);
  const stores = dirname(folder);
  const instances = await nodeFiles.list(stores);
  if (instances.includes(instance)) return folder;
  const others = instances.length === 0 ? 'it has no stores' : `--instance can be ${instances.join(', ')}`;
  throw new UsageError(`no store ${instance} in ${stores}: ${others}`);
}

/** @throws UsageError if the store has no such state */
async function checkState(folder: string, name: string | undefined): Promise<void> {
  if (name === undefined || (await stateNames(folder)).includes(name)) return;
  throw new UsageError(`no state ${name} in ${folder}; clasp-router state list shows all states`);
}

function listing(states: readonly ListedState[]): string {
  return textTable([
    ['STATE', 'TIME', 'PARAMS', 'BYTES'],
    ...states.map(({ name, wallMicros, params, bytes, isPinned }) => [
      name ?? '(current)',
      wallMicros === undefined ? '-' : timeText(wallMicros),
      params === undefined ? 'not readable' : String(params),
      `${bytes}${isPinned ? '  never removed' : ''}`,
    ]),
  ]);
}

/** Returns `2027-01-15 08:00:00 UTC`. */
function timeText(wallMicros: number): string {
  return `${new Date(wallMicros / 1_000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function verification(files: readonly VerifiedFile[]): string {
  return textTable([
    ['FILE', 'BYTES', 'RECORDS', 'CONDITION'],
    ...files.map((file) => [file.path, String(file.bytes), String(file.records), conditionOf(file)]),
  ]);
}

function conditionOf({ tornBytes, damaged, isUnfinished, fault }: VerifiedFile): string {
  if (fault !== undefined) return `not readable: ${fault}`;
  const conditions = [
    ...damaged.map(({ start, end }) => `damaged from byte ${start} to ${end}`),
    ...(tornBytes > 0 ? [`${tornBytes} torn bytes at the end`] : []),
    ...(isUnfinished ? ['unfinished'] : []),
  ];
  return conditions.length === 0 ? 'whole' : conditions.join('; ');
}

function exitCodeOf(files: readonly VerifiedFile[]): number {
  if (files.some(({ fault }) => fault !== undefined)) return 2;
  return files.some(({ damaged }) => damaged.length > 0) ? 1 : 0;
}

/** Whether an error is one of the file system, such as EACCES with its path. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

/** Prints the text of `--help`, for all commands or for one. */
function printHelp(name: StateCommandName | undefined, { stdout }: StateCommandHost): number {
  const names = name === undefined ? stateCommandNames : [name];
  stdout(names.map(helpOf).join('\n'));
  return 0;
}

function helpOf(name: StateCommandName): string {
  const line = stateLine(name);
  const usage = [...line.parameters, '[options]'].join(' ');
  return `${line.name} ${stateCommands[name].help}.\n\n${flagHelp(line, usage)}`;
}
