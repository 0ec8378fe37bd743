import { ClaspError, EncodeError, ErrorCode } from '../../protocol/errors.js';
import { matchPattern, type Pattern } from '../../protocol/pattern.js';
import { type EncodedValue, encodeValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';

/** How two writes to one param are reconciled (wire.md 7.7). `lock` differs from `lww` in nothing: a lock always excludes. */
export type ConflictStrategy = (typeof conflictStrategies)[number];

export const conflictStrategies = ['lww', 'max', 'min', 'lock', 'merge'] as const;

/** Makes one value of the stored and the incoming one. */
export type Merge = (stored: Value, incoming: Value) => Value;

export interface ConflictRule {
  readonly pattern: Pattern;
  readonly strategy: ConflictStrategy;
  /** For `merge`. @default {@link mergeDeep} */
  readonly merge?: Merge | undefined;
}

/** Gives the value to store, or undefined when the write loses against what is there. */
export type Reconcile = (stored: EncodedValue, incoming: EncodedValue) => EncodedValue | undefined;

/** The last write wins: the rule where nothing else is said. */
export const lastWriteWins: Reconcile = (_, incoming) => incoming;

/** What the first rule whose pattern matches the address says. */
export function reconcileFor(rules: readonly ConflictRule[], address: string): Reconcile {
  const rule = rules.find(({ pattern }) => matchPattern(pattern, address));
  switch (rule?.strategy) {
    case 'max':
      return (stored, incoming) => (isBeyond(incoming, stored) ? incoming : undefined);
    case 'min':
      return (stored, incoming) => (isBeyond(stored, incoming) ? incoming : undefined);
    case 'merge': {
      const merge = rule.merge ?? mergeDeep;
      return (stored, incoming) => merged(merge, stored, incoming);
    }
    case 'lww':
    case 'lock':
    case undefined:
      return lastWriteWins;
  }
}

/** A merge function is somebody else's code: when it throws or gives what is no value, that costs the write and nothing else. */
function merged(merge: Merge, stored: EncodedValue, incoming: EncodedValue): EncodedValue {
  try {
    return encodeValue(merge(stored.decode(), incoming.decode()));
  } catch (cause) {
    if (cause instanceof EncodeError) throw cause; // a value, but one that is too large
    throw new ClaspError(ErrorCode.InternalError, 'The merge function of this router failed', { cause });
  }
}

/** Maps are merged entry by entry, at every level; anything else is replaced. */
export function mergeDeep(stored: Value, incoming: Value): Value {
  if (!isMap(stored) || !isMap(incoming)) return incoming;
  const merged = new Map(stored);
  for (const [key, value] of incoming) {
    const before = merged.get(key);
    merged.set(key, before === undefined ? value : mergeDeep(before, value));
  }
  return merged;
}

/**
 * Whether the first is the greater one. Ints and Floats compare as the numbers they are, exactly; what cannot be compared
 * (other types, NaN) counts as beyond either way, so that a param never gets stuck on it.
 */
function isBeyond(one: EncodedValue, other: EncodedValue): boolean {
  const [a, b] = [one.decode(), other.decode()];
  if (!isNumeric(a) || !isNumeric(b)) return true;
  return a > b;
}

function isNumeric(value: Value): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isNaN(value));
}

function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}
