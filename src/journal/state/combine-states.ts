import type { RestoredParam } from '../../core/params/stored-param.js';
import type { StateContent } from './read-stored.js';

/**
 * Returns a state with the revisions that it has after another one: a param that gets another value has a higher
 * revision than before, and a param that it lacks is a removed one. No client therefore sees a revision fall.
 */
export function continuedAfter(present: StateContent, next: StateContent): StateContent {
  const known = new Map(present.params.map((param) => [param.address, param]));
  const lastOfGone = new Map(present.gone);
  const params = next.params.map((param): RestoredParam => {
    const { address, value, revision } = param;
    const former = known.get(address);
    const gone = lastOfGone.get(address);
    const least = former === undefined ? (gone ?? 0) + 1 : former.revision + (former.value.equals(value) ? 0 : 1);
    return revision >= least ? param : { ...param, revision: least };
  });
  const kept = new Set(next.params.map(({ address }) => address));
  const gone = new Map<string, number>();
  const removed = present.params.map(({ address, revision }) => [address, revision] as const);
  for (const [address, revision] of [...present.gone, ...next.gone, ...removed]) {
    if (!kept.has(address)) gone.set(address, Math.max(revision, gone.get(address) ?? 0));
  }
  return { params, gone: [...gone], signals: next.signals };
}

/** Returns a state with all params and signals of both; those of `added` replace others. */
export function mergedWith(present: StateContent, added: StateContent): StateContent {
  const params = new Map([...present.params, ...added.params].map((param) => [param.address, param]));
  const signals = new Map([...present.signals, ...added.signals].map((signal) => [signal.address, signal]));
  return { params: [...params.values()], gone: [...present.gone, ...added.gone], signals: [...signals.values()] };
}
