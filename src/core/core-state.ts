import { parsePattern } from '../protocol/pattern.js';
import type { WatchedState } from './param-watch.js';
import type { SignalDirectory } from './announce/signal-directory.js';
import type { BatchClock } from './batch-clock.js';
import { type ConflictRule, reconcileFor } from './params/conflict-strategies.js';
import { type RestoredState, type RouterState, stateOfParam, stateOfSignal } from './params/param-state.js';
import type { ParamStore } from './params/param-store.js';

/** The components with persistent state. */
export interface StateParts {
  readonly params: ParamStore;
  readonly signals: SignalDirectory;
  readonly clock: BatchClock;
}

const EVERYTHING = parsePattern('/**');

/** Returns the state to persist. Walks all entries: for a million params this takes some seconds. */
export function stateOf({ params, signals, clock }: StateParts): RouterState {
  const { nowMicros, protocolMicros, offsets } = clock;
  return {
    version: 1,
    savedAtMicros: protocolMicros,
    params: Array.from(params.inOrderOfUse(nowMicros), (param) => stateOfParam(param, offsets.protocolAheadMicros)),
    gone: [...params.tombstones],
    signals: signals.matching(EVERYTHING, nowMicros).map(stateOfSignal),
  };
}

/** Restores a persisted state. @returns the number of params that were not admitted */
export function restoreState(
  { params, signals, clock }: StateParts,
  state: RestoredState,
  conflictRules: readonly ConflictRule[],
): number {
  const { nowMicros, protocolMicros, offsets } = clock;
  const { savedAtMicros = -Infinity } = state;
  // If the clock is behind the state, as on a computer without a clock battery, the elapsed time is unknown and
  // counts as 0.
  const backMicros = Math.max(0, savedAtMicros - protocolMicros);
  const refused = params.restore(state, nowMicros, offsets.protocolAheadMicros + backMicros);
  for (const { address } of state.params) {
    const restored = params.get(address, nowMicros);
    if (restored !== undefined) restored.reconcile = reconcileFor(conflictRules, address);
  }
  signals.restore(state.signals, nowMicros);
  return refused;
}

/** Returns what a watch reads. */
export function watchedStateOf({ params, signals, clock }: StateParts): WatchedState {
  return {
    get protocolAheadMicros() {
      return clock.offsets.protocolAheadMicros;
    },
    params: () => params.all(),
    tombstones: () => params.tombstones,
    signals: () => signals.matching(EVERYTHING, clock.nowMicros),
  };
}
