import type { Random } from '../support/mutate.mjs';
import type { Ledger } from './ledger.js';
import type { View } from './view.js';

/** Everything a show is about lies below this. */
export const SHOW = '/show/**';
/** What those on broken lines write, who may write anything. */
export const VANDALISED = '/vandalised';

/** Whoever takes part in a show, by whatever client and network. */
export interface Performer {
  readonly name: string;
  /** What it knows of the params below {@link SHOW}. */
  readonly view: View;
  /** Whether its line flips bits: it may have heard of params that are not there. */
  readonly isOnBrokenLine: boolean;
  /** Does something and waits for what comes of it, for seconds at most. Never rejects. */
  act(): Promise<void>;
  /** The faults are over: sees to it that it is connected. Rejects when that cannot be had. */
  settle(): Promise<void>;
  /** All is calm: takes what has come, and whoever was promised no delivery asks anew. */
  lookAgain(): Promise<void>;
  /** What is wrong with it in itself, once its view is right. */
  faults(): readonly string[];
  leave(): Promise<void>;
}

/** What all performers share. */
export interface Stage {
  readonly ledger: Ledger;
  /** By what was done: for the summary, and to see that everything was. */
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
  /** Written by all whose network keeps order. */
  shared: (random: Random): string => `/show/shared/${random.below(SHARED)}`,
  /** Written by datagrams too. */
  loose: (random: Random): string => `/show/loose/${random.below(SHARED)}`,
  own: (name: string, random: Random): string => `/show/own/${name}/${random.below(OWN)}`,
  /** Written only with a lock, or in vain. */
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

/** Resolves when the condition holds. @throws when it does not within the time: a ceiling for what should take an instant */
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

/** The values of a show are texts; anything else is told apart from all of them. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : `no text: ${typeof value}`;
}
