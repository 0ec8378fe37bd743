import { randomBytes } from 'node:crypto';
import type { WatchedParam } from '../../core/observers.js';
import type { RestoredParam } from '../../core/params/stored-param.js';
import { version } from '../../util/version.js';
import type { Files } from '../files/files.js';
import { nodeFiles } from '../files/node-files.js';
import { lockFolder } from '../lock/folder-lock.js';
import { MAX_WAITING_BYTES } from '../params/base-job.js';
import type { LoadedParams } from '../params/load-params.js';
import { retireFiles, stateNameOf, storeFolders } from '../params/retired-files.js';
import { createStoreFile } from '../params/store-file.js';
import { revisionStep } from '../params/stored-state.js';
import { continuedAfter } from './combine-states.js';
import { contentAtStart, readStored, type StateContent } from './read-stored.js';

/** What {@link replaceState} did. */
export interface ReplacedState {
  /** Params of the new state. */
  readonly params: number;
  /** Name of the kept state that the present one became; undefined if it was empty. */
  readonly keptAs: string | undefined;
}

/**
 * Makes another state the current one of a store that no router uses, and keeps the present one. A crash leaves one of
 * the two as the current state. The revision of a param whose value changes exceeds its present one, as that of a SET
 * does.
 *
 * @param folder of the store; it is created if it does not exist
 * @param wallMicros calendar time
 * @param next returns the new state. If it rejects, nothing changes
 * @throws FolderLockedError if a router uses the folder; StoreFormatError if a newer version wrote the present state
 */
export async function replaceState(
  folder: string,
  wallMicros: number,
  next: (present: StateContent) => StateContent | Promise<StateContent>,
): Promise<ReplacedState> {
  const files = nodeFiles;
  const { params } = storeFolders(folder);
  await files.makeFolder(params);
  const unlock = await lockFolder(folder);
  try {
    const loaded = await readStored(files, params);
    const stateName = stateNameOf(loaded.state.lastWallMicros ?? wallMicros);
    const hasState = loaded.state.params.size > 0;
    const present = contentAtStart(loaded.state, wallMicros);
    const content = continuedAfter(present, await next(present));
    await writeBase(files, params, content, { loaded, wallMicros });
    await retirePresent(files, folder, loaded, hasState ? stateName : undefined);
    return { params: content.params.length, keptAs: hasState ? stateName : undefined };
  } finally {
    await unlock();
  }
}

interface BasePlace {
  readonly loaded: LoadedParams;
  readonly wallMicros: number;
}

/** Writes a generation that consists of a base. It is on disk when the promise resolves. */
async function writeBase(
  files: Files,
  folder: string,
  content: StateContent,
  { loaded, wallMicros }: BasePlace,
): Promise<void> {
  const { writer, encoder } = await createStoreFile(files, folder, 'base', loaded.lastGeneration + 1);
  const room = async (): Promise<void> => {
    if (writer.queuedBytes > MAX_WAITING_BYTES) await writer.commit(false);
  };
  try {
    const times = { wallMicros, monotonicMicros: wallMicros, protocolAheadMicros: 0 };
    const run = randomBytes(8).toString('hex');
    const facts = [['version', version] as const, ['run', run] as const, ['step', BigInt(revisionStep(0))] as const];
    encoder.begin(loaded.lastCut + 1, wallMicros, times, facts);
    for (const param of content.params) {
      encoder.param(watched(param));
      await room();
    }
    for (const [address, revision] of content.gone) {
      encoder.tombstone(address, revision);
      await room();
    }
    for (const signal of content.signals) {
      encoder.signal(signal.address, signal);
      await room();
    }
    encoder.end(true, [['stop', 'clean']]);
    if (encoder.fault !== undefined) throw encoder.fault as Error; // what the encoder threw
    await writer.commit(true);
    await writer.close();
  } catch (error) {
    await writer.close().catch(() => undefined);
    await files.remove(writer.path);
    throw error;
  }
  await files.syncFolder(folder);
}

/** @param stateName undefined: the present state is empty */
async function retirePresent(
  files: Files,
  folder: string,
  loaded: LoadedParams,
  stateName: string | undefined,
): Promise<void> {
  const damaged = new Set(loaded.damaged.map(({ file }) => file));
  const whole = loaded.files.filter((name) => !damaged.has(name));
  await retireFiles(files, storeFolders(folder), {
    kept: stateName === undefined ? [] : whole,
    stateName: stateName ?? '',
    damaged: [...damaged],
    removed: stateName === undefined ? whole : [],
    keepStates: Infinity, // a router that starts removes the oldest ones
  });
}

/** Returns a param as an encoder reads it. */
function watched(param: RestoredParam): WatchedParam {
  const { address, value, revision, writer, timestampMicros, ttlSeconds = 0, absolute, expiresAtMicros } = param;
  return {
    address,
    revision,
    hasValue: true,
    isRemoved: false,
    ttlMicros: ttlSeconds * 1_000_000,
    ttlIsAbsolute: absolute === true,
    expiresAtMicros: expiresAtMicros ?? Infinity,
    stored: 0,
    based: 0,
    entry: () => ({ address, value, revision, writer, timestamp: timestampMicros }),
  };
}
