import { expect } from '@jest/globals';
import { encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { answered, type Attacker, errorsTo, flood, say } from './support/attacker.js';
import { type Attack, describeAttacks } from './support/attacks.js';
import { eventually } from './support/eventually.js';

// Requests that are legal, small, and expensive for the router. The steps that each may take are counted in
// bounded-work.test.ts and step-bounds.property.test.ts; here bystanders exchange messages meanwhile.

const one = encodeValue(1);
const over = ['websocket', 'tcp'] as const;

const deepAddress = (last: string | number): string => `/${'aaaaaa/'.repeat(120)}${last}`;
const hostilePattern = `/**${'/*a*a*a*'.repeat(60)}/*b*/**/*a*/**`;

/** Returns frames, each made from its number. */
function frames(count: number, make: (i: number) => Message): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) => encodeFrame(make(i)));
}

function received<T extends Message['type']>({ messages }: Attacker, type: T): Extract<Message, { type: T }>[] {
  return messages.filter((message): message is Extract<Message, { type: T }> => message.type === type);
}

/** Returns the addresses of all snapshots, each once. */
function snapshotAddresses(attacker: Attacker): ReadonlySet<string> {
  return new Set(received(attacker, 'snapshot').flatMap(({ params }) => params.map(({ address }) => address)));
}

const attacks: readonly Attack[] = [
  {
    name: 'a flood of patterns that are expensive to compare',
    over,
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      const exchange = (): Promise<void> => stage.bystanders.exchange();
      const fill = frames(200, (i) => ({ type: 'set', address: deepAddress(i), value: one }));
      await flood(attacker, fill, exchange);
      const subscribe = frames(100, (id) => ({ type: 'subscribe', id, pattern: hostilePattern }));
      await flood(attacker, subscribe, exchange);
      const query = frames(100, () => ({ type: 'query', pattern: hostilePattern }));
      await flood(attacker, query, exchange);
      await answered(attacker);
      expect(errorsTo(attacker).filter(({ code }) => code === 429)).toHaveLength(100);
      expect(stage.router.statistics().counts.subscriptions).toBe(2);
    },
    leaves: ({ params }) => {
      expect(params).toBe(201);
    },
  },
  {
    name: 'a param with a TTL that is shorter each time',
    over,
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      const { counts, drops } = stage.router.statistics();
      const sets = frames(3_000, (i) => ({ type: 'set', address: '/ttl', value: one, ttl: 3_000 - i }));
      await flood(attacker, sets, () => stage.bystanders.exchange());
      await answered(attacker);
      expect(errorsTo(attacker)).toEqual([]);
      expect(received(attacker, 'ack').at(-1)).toMatchObject({ address: '/ttl' });
      expect(stage.router.statistics().counts.params).toBe(counts.params + 1);
      await stage.pass(1_000);
      await stage.bystanders.exchange();
      const after = stage.router.statistics();
      expect(after.counts.params).toBe(counts.params);
      expect(after.drops.expiredParams).toBe(drops.expiredParams + 1);
    },
  },
  {
    name: 'snapshots of everything, requested again and again by two clients',
    over,
    async run(stage, transport) {
      const attackers = [await stage.join(transport), await stage.join(transport)];
      const exchange = (): Promise<void> => stage.bystanders.exchange();
      const fill = frames(3_000, (i) => ({ type: 'set', address: `/many/${i}`, value: one }));
      await flood(attackers[0]!, fill, exchange); // the list has two
      await answered(attackers[0]!);
      const request = frames(20, (id) => ({ type: 'subscribe', id, pattern: '/many/**' }));
      for (const attacker of attackers) attacker.send(request);
      const late = await stage.connect(transport);
      say(late, { type: 'hello', version: 1, name: 'late', features: [] });
      await eventually(() => {
        for (const attacker of attackers) attacker.send(request.slice(0, 1));
        return snapshotAddresses(late).size >= 3_001;
      }, 'the snapshot of a late client');
      await exchange();
      for (const attacker of attackers) {
        await answered(attacker);
        expect(errorsTo(attacker)).toEqual([]);
      }
      expect(stage.router.statistics().counts.subscriptions).toBe(2 + 40);
    },
    leaves: ({ params }) => {
      expect(params).toBe(3_001);
    },
  },
  {
    name: 'bundles that are due in one instant',
    over,
    async run(stage, transport) {
      const witness = await stage.join(transport);
      say(witness, { type: 'subscribe', id: 1, pattern: '/due/**' });
      await answered(witness);
      const attacker = await stage.join(transport);
      const timestamp = Math.floor(stage.clock.now() * 1_000) + 1_000_000;
      const bundles = frames(40, (i) => ({
        type: 'bundle',
        timestamp,
        messages: Array.from({ length: 200 }, (_, j) => ({
          type: 'set',
          address: `/due/${j}`,
          value: encodeValue(i),
        })),
      }));
      const before = received(witness, 'set').length;
      await flood(attacker, bundles, () => stage.bystanders.exchange());
      await answered(attacker);
      expect(stage.router.statistics().counts.pendingBundles).toBe(40);
      await stage.pass(1_000);
      await stage.bystanders.exchange(5);
      await eventually(() => received(witness, 'set').length >= before + 8_000, 'all SETs of all bundles');
      // Each bundle is whole, and they are in order.
      const order = received(witness, 'set')
        .slice(before)
        .map(({ address, value }) => `${Number(value.decode())} ${address}`);
      expect(order).toEqual(Array.from({ length: 8_000 }, (_, i) => `${Math.floor(i / 200)} /due/${i % 200}`));
      expect(stage.router.statistics().counts.pendingBundles).toBe(0);
    },
    leaves: ({ params }) => {
      expect(params).toBe(201);
    },
  },
  {
    name: 'a flood of GETs of unknown addresses',
    over,
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      const gets = frames(3_000, (i) => ({ type: 'get', address: `/none/${i}` }));
      attacker.send(gets);
      await stage.bystanders.exchange(10);
      await answered(attacker);
      expect(errorsTo(attacker).map(({ code, address }) => `${code} ${address}`)).toEqual(
        Array.from({ length: 3_000 }, (_, i) => `201 /none/${i}`),
      );
    },
  },
  {
    name: 'a flood of events to new addresses',
    over,
    async run(stage, transport) {
      const witness = await stage.join(transport);
      say(witness, { type: 'subscribe', id: 1, pattern: '/flood/**', types: ['event'] });
      await answered(witness);
      const attacker = await stage.join(transport);
      const events = frames(3_000, (i) => ({ type: 'publish', address: `/flood/${i}`, signal: 'event', value: one }));
      attacker.send(events);
      await stage.bystanders.exchange(10);
      await eventually(() => received(witness, 'publish').length >= 3_000, 'all events');
      expect(received(witness, 'publish').map(({ address }) => address)).toEqual(
        Array.from({ length: 3_000 }, (_, i) => `/flood/${i}`),
      );
      expect(errorsTo(attacker)).toEqual([]);
    },
  },
  {
    name: 'a flood of SUBSCRIBEs with the same id',
    over,
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      attacker.send(frames(2_000, () => ({ type: 'subscribe', id: 1, pattern: '/none/**' })));
      await stage.bystanders.exchange(10);
      await answered(attacker);
      expect(errorsTo(attacker)).toEqual([]);
      expect(stage.router.statistics().counts.subscriptions).toBe(3);
    },
  },
];

describeAttacks(attacks);
