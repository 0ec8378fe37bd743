import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RouterOptions } from '../../../src/index.js';
import type { RouterStatistics } from '../../../src/router/router-statistics.js';
import { Stage, transports, type TransportName } from './stage.js';

/** An attack and its expected result. */
export interface Attack {
  readonly name: string;
  /** Small limits make large floods cheap. */
  readonly options?: RouterOptions;
  /** Transports for the attack. @default all */
  readonly over?: readonly TransportName[];
  /** Attacks, exchanges messages with the bystanders meanwhile, and checks the answers to the attacker. */
  readonly run: (stage: Stage, transport: TransportName) => Promise<void>;
  /** Checks what is left in the router after the attacker has disconnected; params can remain. @default nothing */
  readonly leaves?: (counts: RouterStatistics['counts']) => void;
  /** Checks the log lines at level error. @default none */
  readonly complaints?: (lines: readonly string[]) => void;
}

/**
 * Runs every attack over every transport. Afterwards the router must answer, contain nothing of the attacker and have
 * no error in its log. The bystanders must have received everything once and in order.
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
      if (!stage.has(transport)) return; // QUIC is not available everywhere
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
