import { segmentsFault } from '../../protocol/address.js';
import { parsePattern } from '../../protocol/pattern.js';
import { isObject } from '../../util/arguments.js';
import { type Option, option } from '../../util/option.js';
import { type ConflictRule, type ConflictStrategy, conflictStrategies, type Merge } from './conflict-strategies.js';
import type { HistoryRule } from './param-history.js';

export interface ConflictRuleOption {
  /** Pattern of the addresses: `/levels/**`. */
  readonly pattern: string;
  /**
   * `lww`: the last write wins. `max` and `min`: only a greater or smaller number is accepted, Int and Float alike.
   * `merge`: the incoming value is merged into the stored one. `lock`: the same as `lww`, since a lock is always
   * exclusive.
   */
  readonly strategy: ConflictStrategy;
  /** For `merge`: merges the stored and the incoming value. @default maps entry by entry, at every level */
  readonly merge?: Merge | undefined;
}

export interface HistoryRuleOption {
  /** Pattern of the addresses: `/sensors/**`. */
  readonly pattern: string;
  /** Number of stored values or writes of each param, including the current one; 1 to 10_000. */
  readonly depth: number;
}

/** Options of the param store. */
export const paramStoreOptions = {
  maxParams: option.count({ default: 1_000_000, doc: 'Maximum params; 0 = unlimited.' }),
  maxParamBytes: option.bytes({
    share: 2,
    doc: 'Approximate maximum bytes of all params, including indexes and history; 0 = unlimited.',
  }),
  eviction: option.choice({
    values: ['lru', 'oldest', 'reject'],
    default: 'lru',
    doc:
      'The param that is evicted at the limit. `lru`: the one not written or read for longest. `oldest`: the one not ' +
      'written for longest. `reject`: none; the write is refused (503). A locked param is evicted last.',
  }),
  paramTtlSeconds: option.seconds({
    default: 0,
    most: 31_536_000,
    doc: 'Seconds without use after which a param without a TTL expires; 0 = never.',
  }),
  maxLockSeconds: option.seconds({
    default: 0,
    most: 604_800,
    doc: 'Seconds after which a lock ends; 0 = never.',
  }),
  historyRules: historyRulesOption(
    'Rules for keeping replaced values of params, for SUBSCRIBE with `history`; the first matching rule applies.',
  ),
};

/** Options of the history of writes. */
export const writeHistoryOptions = {
  writeHistory: historyRulesOption(
    'Rules for keeping the last writes of params with their writers, for `router.history()`; the first matching rule ' +
      'applies.',
  ),
  maxWriteHistoryBytes: option.bytes({
    share: 64,
    doc: 'Approximate maximum bytes of these writes; the oldest are removed; 0 = unlimited.',
  }),
};

function historyRulesOption(doc: string): Option<readonly HistoryRuleOption[], readonly HistoryRule[]> {
  return option.converted<readonly HistoryRuleOption[], readonly HistoryRule[]>({
    type: 'readonly HistoryRuleOption[]',
    accepts: (value) => Array.isArray(value) && value.every(isHistoryRule),
    must: 'be a list of rules, each with a pattern and a depth from 1 to 10000',
    read: (rules) => rules.map(({ pattern, depth }) => ({ pattern: parsePattern(pattern), depth })),
    default: [],
    defaultText: 'none',
    doc,
  });
}

/** Options of the params. */
export const paramOptions = {
  ...paramStoreOptions,
  ...writeHistoryOptions,
  conflictRules: option.converted<readonly ConflictRuleOption[], readonly ConflictRule[]>({
    type: 'readonly ConflictRuleOption[]',
    accepts: (value) => Array.isArray(value) && value.every(isConflictRule),
    must: `be a list of rules, each with a pattern and a strategy (${conflictStrategies.join(', ')})`,
    read: (rules) => rules.map(({ pattern, ...rest }) => ({ ...rest, pattern: parsePattern(pattern) })),
    default: [],
    defaultText: 'the last write wins',
    doc: 'Conflict strategies for writes to one param; the first matching rule applies.',
  }),
};

function isConflictRule(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { pattern, strategy, merge } = value;
  return (
    isPattern(pattern) &&
    conflictStrategies.some((known) => known === strategy) &&
    (merge === undefined || typeof merge === 'function')
  );
}

function isHistoryRule(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { pattern, depth } = value;
  return Number.isInteger(depth) && Number(depth) >= 1 && Number(depth) <= 10_000 && isPattern(pattern);
}

function isPattern(value: unknown): boolean {
  return typeof value === 'string' && segmentsFault(value) === undefined;
}
