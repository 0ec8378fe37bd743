import { expect } from '@jest/globals';
import { encodeFrame } from '../../src/protocol/frame.js';
import type { Message, SetMessage } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { answered, errorsTo, flood, say } from './support/attacker.js';
import { type Attack, describeAttacks } from './support/attacks.js';
import { eventually } from './support/eventually.js';

const one = encodeValue(1);

function set(address: string): SetMessage {
  return { type: 'set', address, value: one };
}

/** Returns frames, each made from its number. */
function frames(count: number, make: (i: number) => Message): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) => encodeFrame(make(i)));
}

const attacks: readonly Attack[] = [
  {
    name: 'a flood of subscriptions',
    options: { maxSubscriptionsPerSession: 50 },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      const all = frames(500, (id) => ({ type: 'subscribe', id, pattern: `/flood/${id}/**` }));
      await flood(attacker, all, () => stage.bystanders.exchange());
      await answered(attacker);
      expect(stage.router.statistics().counts.subscriptions).toBe(52);
      expect(errorsTo(attacker)).toHaveLength(450);
      expect(errorsTo(attacker).at(-1)).toMatchObject({
        code: 429,
        message: 'Subscription limit reached (max 50)',
        address: '/flood/499/**',
      });
    },
  },
  {
    name: 'a flood of addresses with eviction of the least used',
    options: { maxParams: 100 },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      const evicted = stage.router.statistics().drops.evictedParams;
      await flood(
        attacker,
        frames(1_000, (i) => set(`/flood/${transport}/${i}`)),
        () => stage.bystanders.exchange(),
      );
      await answered(attacker);
      const { counts, drops } = stage.router.statistics();
      expect(counts.params).toBe(100);
      expect(drops.evictedParams - evicted).toBeGreaterThanOrEqual(900);
      expect(errorsTo(attacker)).toEqual([]);
    },
    leaves: ({ params }) => {
      expect(params).toBe(100);
    },
  },
  {
    name: 'a flood of addresses without eviction',
    options: { maxParams: 100, eviction: 'reject' },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      await flood(
        attacker,
        frames(1_000, (i) => set(`/flood/${transport}/${i}`)),
        () => stage.bystanders.exchange(),
      );
      await answered(attacker);
      expect(errorsTo(attacker).at(-1)).toMatchObject({
        code: 503,
        message: 'State store at capacity: the limit is 100 params',
        address: `/flood/${transport}/999`,
      });
    },
    leaves: ({ params }) => {
      expect(params).toBe(100);
    },
  },
  {
    name: 'a flood of announcements',
    options: { maxSignals: 100, signalTtlSeconds: 60 },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      const all = frames(500, (i) => ({
        type: 'announce',
        namespace: '/flood',
        signals: [{ address: `/flood/${i}`, type: 'param' }],
      }));
      await flood(attacker, all, () => stage.bystanders.exchange());
      await answered(attacker);
      expect(stage.router.statistics().counts.signals).toBe(100);
      expect(errorsTo(attacker)).toHaveLength(400);
      expect(errorsTo(attacker).at(-1)).toMatchObject({
        code: 400,
        message: '100 signals are announced; 1 more would pass the limit of 100',
      });
      // An announcement outlives its session. It expires, and is removed at the next request.
      await stage.pass(60_000);
      say(attacker, { type: 'query', pattern: '/**' });
      await answered(attacker);
    },
  },
  {
    name: 'a flood of gestures that never end',
    async run(stage, transport) {
      const witness = await stage.join('websocket');
      say(witness, { type: 'subscribe', id: 1, pattern: '/flood/**' });
      await answered(witness);
      const attacker = await stage.join(transport);
      const all = frames(1_000, (id) => ({
        type: 'publish',
        address: '/flood',
        signal: 'gesture',
        id,
        phase: 'start',
        value: one,
      }));
      await flood(attacker, all, () => stage.bystanders.exchange());
      await answered(attacker);
      const heard = (phase: string): number =>
        witness.messages.filter((message) => message.type === 'publish' && message.phase === phase).length;
      await eventually(() => heard('start') === 1_000, 'every start');
      attacker.vanish();
      stage.doorClock.increment(33_000);
      // 256 are tracked and cancelled; the others are not stored.
      await eventually(() => heard('cancel') === 256, '256 cancels');
      await answered(witness);
      expect(heard('cancel')).toBe(256);
    },
  },
  {
    name: 'a flood of bundles, each of many messages',
    options: { maxMessagesPerSecond: 100 },
    async run(stage, transport) {
      const attacker = await stage.join(transport); // three messages of its 100
      const bundle: Message = {
        type: 'bundle',
        messages: Array.from({ length: 20 }, () => set('/flood')),
      };
      const taken = (): number => stage.router.statistics().messages.bundle!; // every type is counted
      const before = taken();
      await stage.floodAndRead(
        attacker,
        frames(100, () => bundle),
      );
      // One read is accepted before its content is counted; it is charged afterwards.
      expect(taken() - before).toBeLessThanOrEqual(50);
      await stage.pass(20_000); // the overdraft is repaid
      await answered(attacker);
      expect(errorsTo(attacker).at(-1)).toMatchObject({
        code: 429,
        message: expect.stringMatching(/^Rate limit exceeded: 100 messages\/second; \d+ messages were dropped; /),
      });
    },
    leaves: ({ params }) => {
      expect(params).toBe(2);
    },
  },
  {
    name: 'a flood of scheduled bundles',
    options: { maxPendingBundlesPerSession: 20, maxScheduleSeconds: 60 },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      const at = (seconds: number): number => (stage.clock.now() + seconds * 1_000) * 1_000;
      const all = frames(200, () => ({ type: 'bundle', timestamp: at(30), messages: [set('/flood')] }));
      await flood(attacker, all, () => stage.bystanders.exchange());
      await answered(attacker);
      expect(stage.router.statistics().counts.pendingBundles).toBe(20);
      expect(errorsTo(attacker)).toHaveLength(180);
      expect(errorsTo(attacker).at(-1)).toMatchObject({
        code: 400,
        message: 'Bundle rejected: 20 bundles are waiting, which is the limit',
      });
      say(attacker, { type: 'bundle', timestamp: at(365 * 86_400), messages: [set('/flood')] });
      await answered(attacker);
      expect(errorsTo(attacker).at(-1)).toMatchObject({
        code: 400,
        message: 'Bundle rejected: it is 31536000 s ahead; the limit is 60 s',
      });
      await stage.pass(30_000);
    },
    leaves: ({ pendingBundles, params }) => {
      expect([pendingBundles, params]).toEqual([0, 2]);
    },
  },
  {
    name: 'a flood of messages',
    options: { maxMessagesPerSecond: 50 },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      await stage.pass(1_000);
      const before = attacker.messages.length;
      await stage.floodAndRead(
        attacker,
        frames(1_000, () => ({ type: 'get', address: '/bystanders/param' })),
      );
      await stage.pass(1_000);
      await answered(attacker);
      const told = attacker.messages.slice(before);
      expect(told.filter(({ type }) => type === 'snapshot')).toHaveLength(50);
      expect(errorsTo(attacker).map(({ code }) => code)).toEqual([429, 429]);
      const dropped = errorsTo(attacker).map(({ message }) => Number(/; (\d+) messages/.exec(message)![1]));
      expect(dropped[0]! + dropped[1]!).toBe(950);
    },
  },
  {
    name: 'requests meant to cause larger ERRORs',
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      const long = `//${'x'.repeat(1_100)}`; // invalid, and longer than the limit
      const all: readonly Message[] = [
        { type: 'get', address: '/' },
        { type: 'get', address: '' },
        { type: 'get', address: long },
        { type: 'set', address: long, value: one },
        { type: 'subscribe', id: 1, pattern: long },
        { type: 'query', pattern: long },
        { type: 'publish', address: '/clasp/p2p/signal/x', signal: 'event', value: one },
        { type: 'replay', pattern: '/', limit: 1 },
        { type: 'bundle', messages: [{ type: 'ping' }] },
      ];
      for (const message of all) {
        const sent = encodeFrame(message);
        const before = attacker.receivedBytes;
        await flood(
          attacker,
          Array.from({ length: 100 }, () => sent),
          () => stage.bystanders.exchange(),
        );
        await answered(attacker);
        const received = attacker.receivedBytes - before;
        const told = `${message.type}: ${sent.length} bytes, ${received / 100} back`;
        // The text of an ERROR is one sentence and one address; the peer cannot enlarge it.
        expect([told, received < 100 * (sent.length + 160)]).toEqual([told, true]);
      }
    },
  },
];

describeAttacks(attacks);
