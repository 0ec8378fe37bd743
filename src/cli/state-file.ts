import { readFile } from 'node:fs/promises';
import { readState } from '../core/params/param-state.js';
import type { StateContent } from '../journal/state/index.js';
import { UsageError } from './usage-error.js';

/**
 * Reads a file of `clasp-router state export` or `router.state()`, or the `--persist` file of the CLASP reference router.
 *
 * @param wallMicros calendar time: a state of a later time is one of a computer whose clock was ahead
 * @throws UsageError, RouterStateError with the position of the first error
 */
export async function readStateFile(file: string, wallMicros: number): Promise<StateContent> {
  const state = parsed(await readFile(file, 'utf8'), file);
  const { params, gone, signals, savedAtMicros = 0 } = readState(isReferenceState(state) ? converted(state) : state);
  const aheadMicros = Math.max(0, savedAtMicros - wallMicros);
  const seen = new Set<string>();
  for (const { address } of params) {
    if (seen.has(address)) throw new UsageError(`${file} has the param ${address} twice`);
    seen.add(address);
  }
  return {
    params: params.map((param) =>
      param.expiresAtMicros === undefined ? param : { ...param, expiresAtMicros: param.expiresAtMicros - aheadMicros },
    ),
    gone,
    signals,
  };
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${file} is not JSON: ${why}`, { cause: error });
  }
}

interface ReferenceState {
  readonly params: readonly unknown[];
}

/** `{"params": [{"address", "value", "revision", "writer", "timestamp"}]}`, without a version. */
function isReferenceState(state: unknown): state is ReferenceState {
  return (
    typeof state === 'object' &&
    state !== null &&
    !('version' in state) &&
    'params' in state &&
    Array.isArray(state.params)
  );
}

/** Params that are no objects are left as they are, for the report of {@link readState}. */
function converted({ params }: ReferenceState): unknown {
  return {
    version: 1,
    params: params.map((param) => {
      if (typeof param !== 'object' || param === null || !('timestamp' in param)) return param;
      const { timestamp, ...others } = param;
      return { ...others, timestampMicros: timestamp };
    }),
    gone: [],
    signals: [],
  };
}
