import type { RestoredParam } from '../../core/params/stored-param.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import { faultCode, type Files } from '../files/files.js';
import { loadParams, type LoadedParams } from '../params/load-params.js';
import type { ClockPair, StoredState } from '../params/stored-state.js';

/** What a store contains. All times are calendar times in microseconds. */
export interface StateContent {
  readonly params: readonly RestoredParam[];
  /** Last revisions of removed params. */
  readonly gone: readonly (readonly [address: string, revision: number])[];
  readonly signals: readonly SignalDefinition[];
}

/** Attempts against a router that moves the files of an earlier generation meanwhile. */
const MAX_ATTEMPTS = 10;

/**
 * Reads a folder of params, also while a router stores into it: the result is the state of one of its last cuts.
 *
 * @throws StoreFormatError if a newer version wrote a file; what {@link Files} throws
 */
export async function readStored(files: Files, folder: string): Promise<LoadedParams> {
  const pause = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  for (let attempt = 1; ; attempt++) {
    try {
      // The rules of the runs are unknown, and a revision that is too high is never wrong.
      return await loadParams(files, folder, () => false, pause);
    } catch (error) {
      if (faultCode(error) !== 'ENOENT' || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** Returns the content of a state as of its last cut. Call it once per state. */
export function contentAtLastCut(state: StoredState): StateContent {
  return contentOf(state, state.lastWallMicros ?? 0, true);
}

/**
 * Returns the content of a state as a router has it that starts at this time: after an unclean stop, revisions continue
 * behind all that clients can have received. Call it once per state.
 */
export function contentAtStart(state: StoredState, wallMicros: number): StateContent {
  return contentOf(state, wallMicros, false);
}

function contentOf(state: StoredState, wallMicros: number, keepsRevisions: boolean): StateContent {
  const now: ClockPair = { wallMicros, monotonicMicros: wallMicros }; // times of expiry become calendar times
  state.beginRun(now, () => keepsRevisions);
  const params = [...state.params].map(([address, param]): RestoredParam => {
    const { value, revision, writer, timestampMicros, ttlSeconds, isAbsolute, expiresMicros } = param;
    return {
      address,
      value,
      revision,
      writer,
      timestampMicros,
      ...(ttlSeconds > 0 && { ttlSeconds }),
      ...(isAbsolute && { absolute: true as const }),
      ...(expiresMicros !== Infinity && { expiresAtMicros: expiresMicros }),
    };
  });
  return { params, gone: [...state.gone], signals: [...state.signals.values()] };
}
