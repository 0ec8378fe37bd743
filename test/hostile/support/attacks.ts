import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RouterOptions } from '../../../src/index.js';
import type { RouterStatistics } from '../../../src/router/running-router.js';
import { Stage, transports, type TransportName } from './stage.js';

/** One way to do harm, and what has to become of it. */
export interface Attack {
  readonly name: string;
  /** Small limits make large floods cheap. */
  readonly options?: RouterOptions;
  /** The transports it can be tried over. @default all */
  readonly over?: readonly TransportName[];
  /** Does the harm, exchanges with the bystanders meanwhile, and expects what the attacker is told of it. */
  readonly run: (stage: Stage, transport: TransportName) => Promise<void>;
  /** What is left in the router when the attacker has gone; what it may have left behind in params. @default nothing */
  readonly leaves?: (counts: RouterStatistics['counts']) => void;
  /** What the log says at level error. @default nothing */
  readonly complaints?: (lines: readonly string[]) => void;
}

/**
 * Tries every attack over every transport. Whatever it is, afterwards the router answers, nothing of the attacker is left in it,
 * its log has no error, and the bystanders have lost nothing, had nothing twice and nothing out of order.
 */
export function describeAttacks(attacks: readonly Attack[]): void {
  describe.each([...attacks])('$name', ({ options, over = transports, run, leaves, complaints }) => {
    let stage: Stage;

    beforeAll(async () => {
      stage = await Stage.open(options);
    });

    afterAll(async () => {
      await stage.close();
      if (process.env.CLASP_TEST_FIGURES !== undefined) {
        process.stderr.write(`slowest exchange of the bystanders: ${stage.bystanders.slowestMs.toFixed(1)} ms\n`);
      }
    });

    it.each([...over])('by %s', async (transport) => {
      if (!stage.has(transport)) return; // QUIC is not to be had everywhere
      const paramsBefore = stage.router.statistics().counts.params;
      await run(stage, transport);
      await stage.clear();
      await stage.bystanders.exchange(20);
      const { counts } = stage.router.statistics();
      expect(counts).toMatchObject({ sessions: 2, subscriptions: 2, congested: 0, queuedBytes: 0 });
      if (leaves === undefined) {
        expect(counts).toMatchObject({ params: paramsBefore, signals: 0, pendingBundles: 0 });
      } else leaves(counts);
      if (complaints === undefined) expect(stage.complaints).toEqual([]);
      else complaints(stage.complaints);
    });
  });
}
