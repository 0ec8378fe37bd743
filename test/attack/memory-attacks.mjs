// @ts-check
// Attacks on memory, on session limits, and with state that clients leave behind.
import { encodeValue } from 'clasp-router/protocol';
import { every, flood, joinMany, leaveAll, one } from './attack-tools.mjs';
import { encoded, Peer } from './peer.mjs';

/** @typedef {import('./attack-tools.mjs').Attack} Attack */
/** @typedef {import('clasp-router/protocol').Message} Message */

const tomorrow = () => Date.now() * 1_000 + 80_000_000_000;

/** @param {Peer} peer @param {number} count @param {string} below */
async function announce(peer, count, below) {
  for (let at = 0; at < count; at += 500) {
    const signals = Array.from({ length: Math.min(500, count - at) }, (_, i) => ({
      address: `${below}/${at + i}`,
      type: /** @type {const} */ ('param'),
      datatype: 'x'.repeat(100),
    }));
    peer.send({ type: 'announce', namespace: below, signals });
    await peer.settled();
  }
}

/** Returns the error if a later client is refused. @param {number} port @param {Message} message */
async function refusal(port, message) {
  const peer = await Peer.join(port, { name: 'desk' });
  peer.send(message);
  await peer.settled();
  peer.leave();
  return { refused: Object.keys(peer.errors).map(Number) };
}

/** @type {readonly Attack[]} */
export const memoryAttacks = [
  {
    name: 'large-values',
    about: 'SETs of 60 KB to new addresses as fast as they are taken',
    async run(port, tokens) {
      const peer = await Peer.join(port, { token: tokens?.guest });
      peer.ignoreAnswers();
      const value = encodeValue(new Uint8Array(60_000));
      let next = 0;
      const stop = every(() => {
        for (let i = 0; i < 20; i++) peer.send({ type: 'set', address: `/large/${next++}`, value });
      }, 2);
      return () => (stop(), peer.leave());
    },
  },
  {
    name: 'queries-unread',
    about: '60 sessions that send QUERYs over 9,000 announced signals and read no answer',
    async run(port) {
      const desk = await Peer.join(port);
      await announce(desk, 9_000, '/signals');
      const peers = await joinMany(port, 60);
      const query = encoded(Array.from({ length: 20 }, () => ({ type: 'query', pattern: '/**' })));
      for (const peer of peers) peer.stall();
      const stop = every(() => peers.forEach((peer) => peer.write(query)), 20);
      return () => (stop(), leaveAll([desk, ...peers]));
    },
  },
  {
    name: 'windows-forever',
    about: 'streams of 500 samples to new addresses, for a subscriber with a window of 49 days',
    async run(port) {
      const [listener, sender] = [await Peer.join(port), await Peer.join(port)];
      listener.send({ type: 'subscribe', id: 1, pattern: '/flood/**', options: { window: 4_294_967 } });
      await listener.settled();
      sender.ignoreAnswers();
      const samples = Array.from({ length: 500 }, (_, i) => i);
      let next = 0;
      const stop = every(() => {
        for (let i = 0; i < 100; i++)
          sender.send({ type: 'publish', address: `/flood/${next++}`, signal: 'stream', samples });
      }, 5);
      return () => (stop(), leaveAll([listener, sender]));
    },
  },
  {
    name: 'windows-at-once',
    about: '20,000 windows that end together, every 2 s',
    async run(port) {
      const [listener, sender] = [await Peer.join(port), await Peer.join(port)];
      listener.ignoreAnswers();
      sender.ignoreAnswers();
      listener.send({ type: 'subscribe', id: 1, pattern: '/flood/**', options: { window: 1_500 } });
      const lot = encoded(
        Array.from({ length: 20_000 }, (_, i) => ({
          type: /** @type {const} */ ('publish'),
          address: `/flood/${i}`,
          signal: /** @type {const} */ ('stream'),
          value: one,
        })),
      );
      const send = () => sender.write(lot);
      send();
      const stop = every(send, 2_000);
      return () => (stop(), leaveAll([listener, sender]));
    },
  },
  {
    name: 'announcements-left',
    about: '10,000 announced signals of a client that leaves; whether the next one can announce',
    async run(port) {
      const peer = await Peer.join(port);
      await announce(peer, 10_000, '/left');
      peer.leave();
      return () =>
        refusal(port, { type: 'announce', namespace: '/desk', signals: [{ address: '/desk/1', type: 'param' }] });
    },
  },
  {
    name: 'bundles-left',
    about: 'bundles for tomorrow of clients that leave; whether the next one can schedule',
    async run(port) {
      const messages = Array.from({ length: 1_800 }, (_, i) => ({
        type: /** @type {const} */ ('set'),
        address: `/left/${i}`,
        value: one,
      }));
      for (const peer of await joinMany(port, 4)) {
        for (let i = 0; i < 100; i++) peer.send({ type: 'bundle', timestamp: tomorrow(), messages });
        await peer.settled();
        peer.leave();
      }
      return () => {
        return refusal(port, { type: 'bundle', timestamp: tomorrow(), messages: messages.slice(0, 1) });
      };
    },
  },
  {
    name: 'all-sessions',
    about: 'one client takes 996 sessions and sends nothing; how many it has after the attack',
    async run(port) {
      const peers = await joinMany(port, 996);
      return () => {
        const left = peers.filter(({ lost }) => lost === undefined).length;
        leaveAll(peers);
        return { left };
      };
    },
  },
  {
    name: 'locks-left',
    about: 'a session with 300,000 locks leaves',
    async run(port) {
      const peer = await Peer.join(port);
      for (let at = 0; at < 300_000; at += 2_000) {
        const lot = Array.from({ length: 2_000 }, (_, i) => ({
          type: /** @type {const} */ ('set'),
          address: `/lock/${at + i}`,
          value: one,
          lock: true,
        }));
        peer.write(encoded(lot));
        await peer.settled();
      }
      setTimeout(() => peer.leave(), 1_000);
      return () => {};
    },
  },
  {
    name: 'backlogs-full',
    about: '200 sessions that read nothing and follow everything, and events of 2 KB as fast as they are taken',
    async run(port) {
      const peers = await joinMany(port, 200);
      for (const peer of peers) {
        peer.send({ type: 'subscribe', id: 1, pattern: '/flood/**' });
        peer.stall();
      }
      const value = encodeValue(new Uint8Array(2_000));
      const stop = await flood(() => ({ type: 'publish', address: '/flood/x', signal: 'event', value }), 200)(
        port,
        undefined,
      );
      return () => (stop(), leaveAll(peers));
    },
  },
  {
    name: 'subscriptions-full',
    about: '100 sessions with 1,000 subscriptions of 16 segments each',
    async run(port) {
      const peers = await joinMany(port, 100);
      for (const [i, peer] of peers.entries()) {
        const deep = Array.from({ length: 14 }, (_, n) => `s${n}`).join('/');
        peer.write(
          encoded(
            Array.from({ length: 1_000 }, (_, id) => ({
              type: /** @type {const} */ ('subscribe'),
              id,
              pattern: `/${i}/${id}/${deep}`,
            })),
          ),
        );
        await peer.settled();
      }
      return () => {
        const closed = peers.filter(({ lost }) => lost !== undefined).length;
        leaveAll(peers);
        return { closed };
      };
    },
  },
  {
    name: 'recipients-remembered',
    about: 'a session with 1,000 subscriptions to /** , and events to ever new addresses',
    async run(port) {
      const [listener, sender] = [await Peer.join(port), await Peer.join(port)];
      listener.ignoreAnswers();
      sender.ignoreAnswers();
      for (let id = 0; id < 1_000; id++) listener.send({ type: 'subscribe', id, pattern: '/**', types: ['event'] });
      let next = 0;
      const stop = every(() => {
        const lot = Array.from({ length: 200 }, () => ({
          type: /** @type {const} */ ('publish'),
          address: `/new/${next++}`,
          signal: /** @type {const} */ ('event'),
          value: one,
        }));
        sender.write(encoded(lot));
      }, 5);
      return () => (stop(), leaveAll([listener, sender]));
    },
  },
  {
    name: 'last-wills',
    about: '500 sessions with a last will of 40 KB each',
    async run(port) {
      const set = new Map([
        ['type', 'set'],
        ['address', '/will'],
        ['value', 'x'.repeat(40_000)],
      ]);
      const will = encodeValue(new Map([['messages', [set]]]));
      const signals = [{ address: '/$clasp/will', type: /** @type {const} */ ('param'), meta: { default: will } }];
      const peers = await joinMany(port, 500);
      for (const peer of peers) {
        peer.send({ type: 'announce', namespace: '/$clasp/will', signals });
        await peer.settled();
      }
      return () => {
        const refused = peers.reduce((sum, { errors }) => sum + (errors[503] ?? 0), 0);
        leaveAll(peers);
        return { refused };
      };
    },
  },
  {
    name: 'long-names',
    about: 'connects with names of 250 bytes, one after another',
    async run(port) {
      const name = '\u001b[31m'.repeat(50);
      let isOn = true;
      let count = 0;
      void (async () => {
        while (isOn) {
          const peers = await Promise.all(Array.from({ length: 10 }, () => Peer.join(port, { name })));
          count += peers.length;
          leaveAll(peers);
        }
      })();
      return () => {
        isOn = false;
        return { count };
      };
    },
  },
];
