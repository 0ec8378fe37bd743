import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { connect, connectionLink } from '../../src/client/index.js';
import { createRouter } from '../../src/index.js';
import { memory } from '../../src/transports/index.js';
import { until } from '../support/inbox.js';

interface Write {
  readonly address: string;
  readonly value: number;
  readonly qos: 0 | 1;
  /** Whether the writer waits for the answers to all previous writes before it continues. */
  readonly pauses: boolean;
}

const write: fc.Arbitrary<Write> = fc.record({
  address: fc.constantFrom('/a', '/a/b', '/a/c', '/d'),
  value: fc.double({ noNaN: true }),
  qos: fc.constantFrom(0, 1),
  pauses: fc.boolean(),
});

it('one client’s writes reach another in order, and each write gets its own answer', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(write, { maxLength: 60 }),
      fc.constantFrom('binary', 'cbor', 'json'),
      async (writes, encoding) => {
        const router = createRouter();
        const transport = memory();
        await router.listen(transport);
        const join = () =>
          connect(
            connectionLink(() => transport.connect()),
            { encoding },
          );
        const [a, b] = [await join(), await join()];
        const seen: unknown[] = [];
        await b.on('/**', (signal) => {
          if (signal.kind === 'param') seen.push([signal.address, signal.value, signal.revision]);
        }).ready;

        const counts = new Map<string, number>();
        const expected: unknown[] = [];
        const answers: Promise<unknown>[] = [];
        const revisions: unknown[] = [];
        for (const { address, value, qos, pauses } of writes) {
          const revision = (counts.get(address) ?? 0) + 1;
          counts.set(address, revision);
          expected.push([address, value, revision]);
          revisions.push(qos === 0 ? undefined : { revision, locked: undefined, holder: undefined });
          answers.push(a.set(address, value, { qos }));
          if (pauses) await Promise.all(answers);
        }
        expect(await Promise.all(answers)).toEqual(revisions);
        await until(() => seen.length >= expected.length);
        expect(seen).toEqual(expected);
        await Promise.all([a.close(), b.close()]);
        await router.stop();
      },
    ),
    { numRuns: 60 },
  );
});
