import { SimulatedClock } from 'xstate';
import { calm, type FaultCounts, type Faults } from './chaos-proxy.js';
import { DatagramLine } from './chaos-proxy-datagrams.js';
import { ByteLine } from './chaos-proxy-streams.js';
import { Random } from './mutate.mjs';

export function noCounts(): FaultCounts {
  return { connections: 0, stalls: 0, cuts: 0, refusals: 0, flips: 0, lost: 0, duplicates: 0 };
}

interface TestedByteLine {
  readonly line: ByteLine;
  readonly push: (text: string) => void;
  readonly clock: SimulatedClock;
  readonly arrived: [atMs: number, text: string][];
  /** Calls to its sender and receiver, except writes. */
  readonly told: string[];
  /** From now on, the receiver takes no more. */
  readonly block: () => void;
}

interface TestedDatagramLine {
  readonly line: DatagramLine;
  readonly clock: SimulatedClock;
  readonly counts: FaultCounts;
  /** First bytes of the datagrams. */
  readonly arrived: number[];
}

/** A line whose receiver records what arrives, and when. */
export function byteLine(faults: Partial<Faults>, seed = 1): TestedByteLine {
  const clock = new SimulatedClock();
  const arrived: [atMs: number, text: string][] = [];
  const calls: string[] = [];
  let takesMore = true;
  const parts = { faults: () => ({ ...calm, ...faults }), counts: noCounts(), dice: new Random(seed), clock };
  const line = new ByteLine(parts, {
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    write: (bytes) => {
      arrived.push([clock.now(), Buffer.from(bytes).toString('latin1')]);
      return takesMore;
    },
    end: () => calls.push('end'),
  });
  const push = (text: string): void => {
    line.push(Buffer.from(text, 'latin1'));
  };
  return { line, push, clock, arrived, told: calls, block: () => (takesMore = false) };
}

/** A line of datagrams, and its output. */
export function datagramLine(faults: Partial<Faults>, seed = 3): TestedDatagramLine {
  const clock = new SimulatedClock();
  const counts = noCounts();
  const arrived: number[] = [];
  const line = new DatagramLine(
    { faults: () => ({ ...calm, ...faults }), counts, clock },
    new Random(seed),
    (bytes) => {
      arrived.push(bytes[0]!);
    },
  );
  for (let i = 0; i < 200; i++) line.push(Uint8Array.of(i));
  return { line, clock, counts, arrived };
}
