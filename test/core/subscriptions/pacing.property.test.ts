import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoreHarness } from '../../support/core-harness.js';

const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), address: fc.nat(2), value: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 400 }) }),
  // Other subscriptions come and go: the state of a session survives that.
  fc.record({ kind: fc.constant('churn' as const) }),
);

describe('a paced subscription', () => {
  it('gets at most maxRate + 1 in any second, never less than epsilon apart, in order, and finally the current value', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.constantFrom(1, 3, 10, 60),
        fc.constantFrom(undefined, 1.5, 2.5),
        (steps, maxRate, epsilon) => {
          const harness = new CoreHarness();
          const [desk, lamp, other] = [harness.join(), harness.join(), harness.join()];
          lamp.subscribe(1, '/**', { maxRate, epsilon });
          const deliveries: { at: number; address: string; value: number; revision: number }[] = [];
          const truth = new Map<string, number>();
          let ms = 0;
          const listen = (): void => {
            for (const message of lamp.read()) {
              if (message.type !== 'set') continue;
              const value = Number(message.value.decode());
              deliveries.push({ at: ms, address: message.address, value, revision: Number(message.revision) });
            }
          };
          const wait = (howLong: number): void => {
            for (let i = 0; i < howLong; i++) {
              ms++;
              harness.advance(0.001);
              listen();
            }
          };
          for (const one of steps) {
            if (one.kind === 'set') {
              desk.set(`/${one.address}`, one.value);
              truth.set(`/${one.address}`, one.value);
              listen();
            } else if (one.kind === 'wait') {
              wait(one.ms);
            } else {
              other.subscribe(1, '/**');
            }
          }
          wait(1_001);
          for (const address of ['/0', '/1', '/2']) {
            const own = deliveries.filter((delivery) => delivery.address === address);
            for (const [i, { at, value, revision }] of own.entries()) {
              expect(own.filter((later) => later.at >= at && later.at < at + 1_000).length).toBeLessThanOrEqual(
                maxRate + 1,
              );
              const before = own[i - 1];
              if (before === undefined) continue;
              expect(revision).toBeGreaterThan(before.revision);
              expect(Math.abs(value - before.value)).toBeGreaterThanOrEqual(epsilon ?? 0);
            }
            const last = own.at(-1)?.value;
            if (epsilon === undefined) expect(last).toBe(truth.get(address));
            else if (last !== undefined) expect(Math.abs(last - truth.get(address)!)).toBeLessThan(epsilon);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
