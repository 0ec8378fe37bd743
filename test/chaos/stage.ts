import type { Random } from '../support/mutate.mjs';
import type { Ledger } from './ledger.js';
import type { View } from './view.js';

/** All addresses of a show. */
export const SHOW = '/show/**';
/** Addresses of the clients on lossy lines, which can write anything. */
export const VANDALISED = '/vandalised';

/** A participant of a show, with any client and network. */
export interface Performer {
  readonly name: string;
  /** The client's knowledge of the params below {@link SHOW}. */
  readonly view: View;
  /** Whether its line flips bits: its view can contain params that do not exist. */
  readonly isOnBrokenLine: boolean;
  /** Performs an operation and waits for its result, for seconds at most. Never rejects. */
  act(): Promise<void>;
  /** Called after the faults have stopped: ensures that the client is connected. Rejects if that is not possible. */
  settle(): Promise<void>;
  /** Called without faults: processes new messages; a client without guaranteed delivery queries again. */
  lookAgain(): Promise<void>;
  /** Returns internal inconsistencies, once its view is correct. */
  faults(): readonly string[];
  leave(): Promise<void>;
}

/** State that all performers share. */
export interface Stage {
  readonly ledger: Ledger;
  /** Counts per operation, for the summary and to check that each occurred. */
  readonly acts: Map<string, number>;
}

export function count(stage: Stage, act: string): void {
  stage.acts.set(act, (stage.acts.get(act) ?? 0) + 1);
}

const SHARED = 10;
const LOCKED = 3;
const PAIRS = 3;
const OWN = 4;

export const addresses = {
  /** Written by all clients whose network keeps the order. */
  shared: (random: Random): string => `/show/shared/${random.below(SHARED)}`,
  /** Written by datagrams, too. */
  loose: (random: Random): string => `/show/loose/${random.below(SHARED)}`,
  own: (name: string, random: Random): string => `/show/own/${name}/${random.below(OWN)}`,
  /** Written only under a lock, or refused. */
  locked: (random: Random): string => `/show/locked/${random.below(LOCKED)}`,
  allLocked: Array.from({ length: LOCKED }, (_, i) => `/show/locked/${i}`),
  /** Written only together, in bundles. */
  pair: (random: Random): readonly [string, string] => pairOf(random.below(PAIRS)),
  allPairs: Array.from({ length: PAIRS }, (_, i) => pairOf(i)),
};

function pairOf(i: number): readonly [string, string] {
  return [`/show/pair/${i}/left`, `/show/pair/${i}/right`];
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Resolves when the condition holds. @throws if it does not hold in time: an upper bound for something that should be
 * immediate
 */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  ceilingMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + ceilingMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${ceilingMs / 1_000} s`);
    await sleep(20);
  }
}

/** Values of a show are strings. Any other value becomes a distinct text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : `no text: ${typeof value}`;
}
