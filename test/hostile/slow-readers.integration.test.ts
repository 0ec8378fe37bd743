import { expect } from '@jest/globals';
import { encodeFrame } from '../../src/protocol/frame.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { answered, say } from './support/attacker.js';
import { type Attack, describeAttacks } from './support/attacks.js';
import { eventually } from './support/eventually.js';

const attacks: readonly Attack[] = [
  {
    // An earlier version queued all of it until the end of the tick, and then in the socket: 130 MB for each such
    // session.
    name: 'small requests with large answers, all in one read, without reading the answers',
    options: { highWaterBytes: 65_536, maxQueueBytes: 1_048_576 },
    over: ['websocket', 'tcp', 'pipe', 'quic'],
    async run(stage, transport) {
      const writer = await stage.join(transport);
      say(writer, { type: 'set', address: '/large', value: encodeValue('x'.repeat(60_000)) });
      await answered(writer);
      const before = stage.router.statistics();
      const get = encodeFrame({ type: 'get', address: '/large' });
      for (let i = 0; i < 3; i++) {
        const attacker = await stage.join(transport);
        attacker.stall();
        attacker.send(Array.from({ length: 500 }, () => get));
        await stage.bystanders.exchange();
      }
      const { drops } = before;
      await eventually(() => stage.router.statistics().drops.overflows === drops.overflows + 3, 'the end of all three');
      await stage.pass(1_000); // they do not read the close
      await eventually(() => stage.router.sessionCount === 3, 'their sessions to be closed');
      const ended = stage.log.lines.filter(({ message }) => message === 'session ended').slice(-3);
      const text = expect.stringMatching(
        /^Too slow: \d+ messages \(\d+ bytes\) were waiting, more than this router keeps/,
      );
      expect(ended).toMatchObject(Array.from({ length: 3 }, () => ({ fields: { reason: 'overflow', text } })));
      // The router wrote what the network accepted, and at most a high-water mark, a message and a send queue for
      // each session.
      const written = stage.router.statistics().totals.sentBytes - before.totals.sentBytes;
      expect(written).toBeLessThan(3 * 500 * 60_000);
    },
    leaves: ({ params }) => {
      expect(params).toBe(2);
    },
  },
  {
    name: 'many sessions whose queues together exceed the limit of the router',
    options: {
      highWaterBytes: 65_536,
      maxQueueBytes: 1_048_576,
      maxQueueBytesTotal: 1_500_000,
    },
    over: ['websocket', 'tcp', 'pipe'],
    async run(stage, transport) {
      const writer = await stage.join(transport);
      const readers = await Promise.all(Array.from({ length: 4 }, () => stage.join(transport)));
      for (const reader of readers) {
        say(reader, { type: 'subscribe', id: 1, pattern: '/flood/**' });
        await answered(reader);
        reader.stall();
      }
      const event = encodeFrame({
        type: 'publish',
        address: '/flood/event',
        signal: 'event',
        phase: 'start',
        value: encodeValue('x'.repeat(30_000)),
      });
      let most = 0;
      const { overflows } = stage.router.statistics().drops;
      while (stage.router.statistics().drops.overflows < overflows + 4) {
        writer.send([event]);
        await answered(writer);
        most = Math.max(most, stage.router.statistics().counts.queuedBytes);
      }
      await stage.bystanders.exchange();
      expect(most).toBeGreaterThan(1_000_000);
      expect(most).toBeLessThanOrEqual(1_500_000);
      await stage.pass(1_000); // they do not read the close
      await eventually(() => stage.router.sessionCount === 3, 'their sessions to be closed');
    },
  },
];

describeAttacks(attacks);
