import { expect } from '@jest/globals';
import { encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { answered, type Attacker, errorsTo, flood, say } from './support/attacker.js';
import { type Attack, describeAttacks } from './support/attacks.js';
import { eventually } from './support/eventually.js';
import type { Stage } from './support/stage.js';

const over = ['tcp'] as const;
const one = encodeValue(1);
const tomorrow = (stage: Stage): number => stage.clock.now() * 1_000 + 3_600_000_000;

function frames(count: number, make: (i: number) => Message): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) => encodeFrame(make(i)));
}

const memory = (stage: Stage): ReturnType<Stage['router']['statistics']>['memory'] => stage.router.statistics().memory;

/** Announces signals with 100 bytes of text each. */
async function announce(stage: Stage, attacker: Attacker, below: string, count: number): Promise<void> {
  const all = frames(count, (i) => ({
    type: 'announce',
    namespace: below,
    signals: [{ address: `${below}/${i}`, type: 'param', datatype: 'x'.repeat(100) }],
  }));
  await flood(attacker, all, () => stage.bystanders.exchange());
  await answered(attacker);
}

const attacks: readonly Attack[] = [
  {
    name: 'SETs of 60 KB to new addresses',
    over,
    options: { maxParamBytes: 1_000_000 },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      const value = encodeValue(new Uint8Array(60_000));
      let most = 0;
      await flood(
        attacker,
        frames(100, (i) => ({ type: 'set', address: `/large/${i}`, value })),
        async () => {
          await stage.bystanders.exchange();
          most = Math.max(most, memory(stage).params.usedBytes);
        },
      );
      await answered(attacker);
      expect(most).toBeLessThanOrEqual(1_000_000);
      expect(memory(stage).params.madeRoom).toBeGreaterThan(80);
    },
    leaves: ({ params }) => {
      expect(params).toBeLessThan(20);
    },
  },
  {
    name: 'subscriptions that fill the memory for all sessions',
    over,
    options: { maxSubscriptionBytes: 100_000 },
    async run(stage, transport) {
      const attackers = [await stage.join(transport), await stage.join(transport)];
      for (const attacker of attackers) {
        const all = frames(200, (id) => ({ type: 'subscribe', id, pattern: `/flood/${id}/**` }));
        await flood(attacker, all, () => stage.bystanders.exchange());
        await answered(attacker);
        expect(memory(stage).subscriptions.usedBytes).toBeLessThanOrEqual(100_000);
      }
      expect(errorsTo(attackers[1]!).at(-1)).toMatchObject({ code: 429, message: expect.stringContaining('100000') });
      const modest = await stage.join(transport);
      say(modest, { type: 'subscribe', id: 1, pattern: '/a/**' }, { type: 'subscribe', id: 2, pattern: '/b/**' });
      await answered(modest);
      expect(errorsTo(modest)).toEqual([]);
      // The first one used most when the second connected, and the second when the modest one connected.
      for (const attacker of attackers) {
        const message = expect.stringContaining('(max 100000, maxSubscriptionBytes)');
        expect(errorsTo(attacker).filter(({ code }) => code === 503)).toMatchObject([{ message }]);
      }
    },
  },
  {
    name: 'answers to QUERYs that are not read',
    over,
    options: { maxQueryBytes: 40_000, maxSignals: 1_000, highWaterBytes: 65_536, signalTtlSeconds: 60 },
    async run(stage, transport) {
      const desk = await stage.join(transport);
      await announce(stage, desk, '/signals', 1_000);
      const query = encodeFrame({ type: 'query', pattern: '/**' });
      const stuck = [];
      for (let i = 0; i < 5; i++) {
        const attacker = await stage.join(transport);
        attacker.stall();
        stuck.push(attacker);
        for (let n = 0; n < 8; n++) {
          attacker.send(Array.from({ length: 10 }, () => query));
          await stage.bystanders.exchange();
          expect(memory(stage).queries.usedBytes).toBeLessThanOrEqual(40_000);
        }
      }
      say(desk, { type: 'query', pattern: '/**' });
      await answered(desk);
      const found = (): number =>
        desk.messages.reduce((sum, message) => sum + (message.type === 'result' ? message.signals.length : 0), 0);
      await eventually(() => found() === 1_000, 'the whole answer');
      await stage.pass(60_000);
      say(desk, { type: 'query', pattern: '/**' });
      await answered(desk);
    },
  },
  {
    name: 'announced signals, scheduled bundles and last wills of clients that leave',
    over,
    options: {
      maxSignals: 300,
      maxPendingBundleBytes: 100_000,
      maxWillBytes: 20_000,
      signalTtlSeconds: 60,
      maxScheduleSeconds: 3_600,
    },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      await announce(stage, attacker, '/flood', 300);
      const bundle = (address: string): Message => ({
        type: 'bundle',
        timestamp: tomorrow(stage),
        messages: [{ type: 'set', address, value: encodeValue('x'.repeat(1_000)) }],
      });
      await flood(
        attacker,
        frames(100, (i) => bundle(`/flood/${i}`)),
        () => stage.bystanders.exchange(),
      );
      await answered(attacker);
      expect(memory(stage).bundles.usedBytes).toBeLessThanOrEqual(100_000);
      expect(errorsTo(attacker).at(-1)).toMatchObject({ code: 503 });
      attacker.vanish();
      await eventually(() => stage.router.sessionCount === 2, 'the attacker to be closed');
      const desk = await stage.join(transport);
      say(
        desk,
        { type: 'announce', namespace: '/desk', signals: [{ address: '/desk/1', type: 'param' }] },
        bundle('/desk/1'),
      );
      await answered(desk);
      expect(errorsTo(desk)).toEqual([]);
      expect(stage.router.statistics().drops).toMatchObject({ evictedSignals: 1, droppedBundles: expect.any(Number) });
    },
    leaves: ({ signals, pendingBundles }) => {
      expect([signals, pendingBundles > 0]).toEqual([300, true]);
    },
  },
  {
    name: 'windows of 49 days over always new addresses',
    over,
    options: { maxPacedBytes: 200_000 },
    async run(stage, transport) {
      const [listener, sender] = [await stage.join(transport), await stage.join(transport)];
      say(listener, { type: 'subscribe', id: 1, pattern: '/flood/**', options: { window: 4_294_967 } });
      await answered(listener);
      const samples = Array.from({ length: 500 }, (_, i) => i);
      await flood(
        sender,
        frames(200, (i) => ({ type: 'publish', address: `/flood/${i}`, signal: 'stream', samples })),
        async () => {
          await stage.bystanders.exchange();
          expect(memory(stage).paced.usedBytes).toBeLessThanOrEqual(200_000);
        },
      );
      await answered(sender);
      expect(memory(stage).paced.madeRoom).toBeGreaterThan(100);
    },
  },
  {
    name: 'many sessions whose sockets are full',
    over: ['tcp', 'websocket'],
    options: { maxSendBufferBytes: 4_000_000 },
    async run(stage, transport) {
      const writer = await stage.join(transport);
      const value = encodeValue(new Uint8Array(60_000));
      say(writer, { type: 'set', address: '/large', value });
      await answered(writer);
      const get = encodeFrame({ type: 'get', address: '/large' });
      const { madeRoom } = memory(stage).sendBuffers;
      for (let i = 0; memory(stage).sendBuffers.madeRoom === madeRoom && i < 40; i++) {
        const attacker = await stage.join(transport);
        attacker.stall();
        attacker.send(Array.from({ length: 100 }, () => get));
        await stage.bystanders.exchange();
        expect(memory(stage).sendBuffers.usedBytes).toBeLessThanOrEqual(4_500_000);
      }
    },
    leaves: ({ params }) => {
      expect(params).toBe(2);
    },
  },
  {
    name: 'a thousand locks of a session that leaves',
    over,
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      const all = frames(1_000, (i) => ({ type: 'set', address: `/locked/${i}`, value: one, lock: true }));
      await flood(attacker, all, () => stage.bystanders.exchange());
      await answered(attacker);
      attacker.vanish();
      await eventually(() => stage.router.sessionCount === 2, 'the attacker to be closed');
      const desk = await stage.join(transport);
      for (const i of [0, 500, 999]) say(desk, { type: 'set', address: `/locked/${i}`, value: one, lock: true });
      await answered(desk);
      expect(errorsTo(desk)).toEqual([]);
    },
    leaves: ({ params }) => {
      expect(params).toBe(1_001);
    },
  },
];

describeAttacks(attacks);
