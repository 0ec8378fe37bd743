import { ClaspError, EncodeError, ErrorCode } from '../../protocol/errors.js';
import { matchPattern, type Pattern } from '../../protocol/pattern.js';
import { type EncodedValue, encodeValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';

/** How two writes to one param are reconciled (wire.md 7.7). `lock` equals `lww`, because a lock always excludes. */
export type ConflictStrategy = (typeof conflictStrategies)[number];

export const conflictStrategies = ['lww', 'max', 'min', 'lock', 'merge'] as const;

/** Combines the stored and the incoming value. */
export type Merge = (stored: Value, incoming: Value) => Value;

export interface ConflictRule {
  readonly pattern: Pattern;
  readonly strategy: ConflictStrategy;
  /** For `merge`. @default {@link mergeDeep} */
  readonly merge?: Merge | undefined;
}

/** Returns the value to store, or undefined if the write loses against the stored value. */
export type Reconcile = (stored: EncodedValue, incoming: EncodedValue) => EncodedValue | undefined;

/** The last write wins: the default. */
export const lastWriteWins: Reconcile = (_, incoming) => incoming;

/** Returns the strategy of the first rule whose pattern matches the address. */
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

/** A merge function is external code. If it throws or returns an invalid value, only the write fails. */
function merged(merge: Merge, stored: EncodedValue, incoming: EncodedValue): EncodedValue {
  try {
    return encodeValue(merge(stored.decode(), incoming.decode()));
  } catch (cause) {
    if (cause instanceof EncodeError) throw cause; // a valid value, but too large
    throw new ClaspError(ErrorCode.InternalError, 'The merge function of this router failed', { cause });
  }
}

/** Merges maps entry by entry, at every level; replaces anything else. */
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
 * Whether the first value is greater. Ints and Floats compare exactly, by number. Incomparable values (other types,
 * NaN) count as greater in both directions, so that they never block a param.
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
