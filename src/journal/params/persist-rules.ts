import { createHash } from 'node:crypto';
import { matchPattern, parsePattern, type Pattern } from '../../protocol/pattern.js';
import { ArgumentError, checkNames } from '../../util/arguments.js';

/**
 * When a write is on disk:
 *
 * - `never`: written at each interval; the system decides when it is on disk
 * - `interval`: on disk at each interval
 * - `always`: on disk before its acknowledgment
 */
export const syncModes = ['never', 'interval', 'always'] as const;
export type SyncMode = (typeof syncModes)[number];

/** Which params are stored, and how. Of the rules of a store, the first one that matches an address applies. */
export interface PersistRule {
  readonly pattern: string;
  /** Whether the params are stored. @default true */
  readonly keep?: boolean | undefined;
  /** @default the option `sync` */
  readonly sync?: SyncMode | undefined;
}

/** How a param is stored; `none`: not. */
export type Persistence = 'none' | SyncMode;

interface ParsedRule {
  readonly pattern: Pattern;
  readonly persistence: Persistence;
}

const MAX_CACHED = 65_536;
const ruleNames = { pattern: true, keep: true, sync: true } satisfies Record<keyof PersistRule, true>;

/**
 * Decides whether the revision of an address is exact after an unclean stop: under `always`.
 *
 * @param rules digest of the rules of the run that has ended; undefined if unknown
 */
export type KeepsRevision = (address: string, rules: string | undefined) => boolean;

/** A run with other rules can have lost what is under `always` now. */
export function keptRevisions(current: PersistRules): KeepsRevision {
  return (address, rules) => rules === current.digest && current.of(address) === 'always';
}

/** Finds the rule of an address. An address without a rule is not stored. */
export class PersistRules {
  readonly #rules: readonly ParsedRule[];
  /** The answer for all addresses, if it is one. */
  readonly #single: Persistence | undefined;
  readonly #cache = new Map<string, Persistence>();
  /** Differs if the rules differ: 16 hexadecimal digits. */
  readonly digest: string;

  /** @throws ArgumentError for an invalid rule, ClaspError 202 for an invalid pattern */
  constructor(rules: readonly PersistRule[], sync: SyncMode) {
    this.#rules = rules.map((rule) => {
      checkNames('a rule of persist', rule, Object.keys(ruleNames));
      const { pattern, keep = true, sync: own = sync } = rule;
      if (!syncModes.includes(own)) throw new ArgumentError(`sync of a rule must be one of ${syncModes.join(', ')}`);
      return { pattern: parsePattern(pattern), persistence: keep ? own : 'none' };
    });
    const facts = this.#rules.map(({ persistence }, index) => [rules[index]?.pattern, persistence]);
    this.digest = createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
    const [first] = this.#rules;
    this.#single = first === undefined ? 'none' : first.pattern === '/**' ? first.persistence : undefined;
  }

  /** Whether some params are stored with `always`. */
  get hasAlways(): boolean {
    return this.#rules.some(({ persistence }) => persistence === 'always');
  }

  of(address: string): Persistence {
    if (this.#single !== undefined) return this.#single;
    let found = this.#cache.get(address);
    if (found === undefined) {
      found = this.#rules.find(({ pattern }) => matchPattern(pattern, address))?.persistence ?? 'none';
      if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
      this.#cache.set(address, found);
    }
    return found;
  }
}
