// @ts-check
// Attacks of hostile clients. Each fills the router first, then attacks until it is stopped.
import { spawn } from 'node:child_process';
import { stop, track } from '../../bench/children.mjs';
import { elementAt } from '../../bench/element-at.mjs';
import { every, fill, flood, floodOfNew, one } from './attack-tools.mjs';
import { guestAttacks } from './guest-attacks.mjs';
import { httpAttacks } from './http-attacks.mjs';
import { memoryAttacks } from './memory-attacks.mjs';
import { Peer } from './peer.mjs';

/** @typedef {import('./attack-tools.mjs').Attack} Attack */

const deep = (/** @type {number} */ i) => `/${Array.from({ length: 120 }, () => 'aaaaaa').join('/')}/${i}`;
const hostilePattern = `/**${'/*a*a*a*'.repeat(60)}/*b*/**/*a*/**`;

/** @type {readonly Attack[]} */
export const attacks = [
  {
    name: 'busy-machine',
    about: 'no attack: two processes compute, as a router and its attacker do; what the machine itself costs',
    async run() {
      const busy = Array.from({ length: 2 }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
      busy.forEach(track);
      return async () => {
        await Promise.all(busy.map(stop));
      };
    },
  },
  {
    name: 'subscribe-globstars',
    about: 'SUBSCRIBE of a costly pattern over 16,000 deep params',
    async run(port, tokens) {
      const peer = await Peer.join(port, { token: tokens?.guest });
      await fill(peer, 16_000, deep);
      peer.ignoreAnswers();
      let id = 0;
      const send = () => peer.send({ type: 'subscribe', id: id++ % 10, pattern: hostilePattern });
      send();
      const stop = every(send, 500);
      return () => (stop(), peer.leave());
    },
  },
  {
    name: 'query-globstars',
    about: 'the same pattern in QUERY from 20 sessions, over 590 announced patterns of 128 segments',
    async run(port, tokens) {
      const peers = await Promise.all(Array.from({ length: 20 }, () => Peer.join(port, { token: tokens?.guest })));
      for (let i = 0; i < 590; i += 10) {
        const signals = Array.from({ length: 10 }, (_, j) => ({
          address: `${deep(i + j)}/*/x`,
          type: /** @type {const} */ ('param'),
        }));
        elementAt(peers, 0).send({ type: 'announce', namespace: '/a', signals });
      }
      await elementAt(peers, 0).settled();
      const stop = every(() => {
        for (const peer of peers) peer.send({ type: 'query', pattern: hostilePattern });
      }, 100);
      return () => {
        stop();
        for (const peer of peers) peer.leave();
        return elementAt(peers, 0).errors;
      };
    },
  },
  {
    name: 'subscriptions-new-addresses',
    about: '986 subscriptions with four ** and partials, 10 events per second to new addresses',
    async run(port, tokens) {
      const peer = await Peer.join(port, { token: tokens?.guest });
      for (let i = 0; i < 986; i++) {
        const [a, b, c] = [i % 10, Math.floor(i / 10) % 10, Math.floor(i / 100)].map((n) => `*${'a'.repeat(n + 1)}*`);
        peer.send({ type: 'subscribe', id: i, pattern: `/**/${a}/**/${b}/**/${c}/**/z` });
      }
      await peer.settled();
      let i = 0;
      const stop = every(() => {
        const address = `/${Array.from({ length: 125 }, () => 'aaaaaa').join('/')}/${i++}/z`;
        peer.send({ type: 'publish', address, signal: 'event', value: one });
      }, 100);
      return () => {
        stop();
        peer.leave();
        return { refused: peer.errors[429] ?? 0 };
      };
    },
  },
  {
    name: 'ttl-ever-shorter',
    about: 'one param with a TTL a second shorter each time',
    run: (port, tokens) => {
      const ttls = Array.from({ length: 60_000 }, (_, i) => 100_000 - i);
      return flood((i) => ({ type: 'set', address: '/ttl', value: one, ttl: ttls[i] ?? 1 }), 60_000)(port, tokens);
    },
  },
  {
    name: 'snapshots-repeated',
    about: 'two clients repeat SUBSCRIBE /** over 20,000 params',
    async run(port, tokens) {
      const peers = await Promise.all([
        Peer.join(port, { token: tokens?.guest }),
        Peer.join(port, { token: tokens?.guest }),
      ]);
      await fill(elementAt(peers, 0), 20_000, (i) => `/many/${i}`);
      for (const peer of peers) peer.ignoreAnswers();
      let id = 0;
      const stop = every(() => {
        for (const peer of peers)
          for (let i = 0; i < 20; i++) peer.send({ type: 'subscribe', id: id++ % 500, pattern: '/**' });
      }, 5);
      return () => {
        stop();
        for (const peer of peers) peer.leave();
      };
    },
  },
  {
    name: 'muted-sessions',
    about: '100 sessions that read nothing, with 500 SUBSCRIBEs each over 20,000 params',
    async run(port, tokens) {
      const writer = await Peer.join(port, { token: tokens?.guest });
      await fill(writer, 20_000, (i) => `/many/${i}`);
      const peers = await Promise.all(Array.from({ length: 100 }, () => Peer.join(port, { token: tokens?.guest })));
      for (const peer of peers) {
        peer.stall();
        for (let id = 0; id < 500; id++) peer.send({ type: 'subscribe', id, pattern: '/**' });
      }
      return () => {
        writer.leave();
        for (const peer of peers) peer.leave();
      };
    },
  },
  {
    name: 'bundles-due-at-once',
    about: '100 bundles of 1,800 SETs due in one instant, every 2 s',
    async run(port, tokens) {
      const peer = await Peer.join(port, { token: tokens?.guest });
      peer.ignoreAnswers();
      const send = () => {
        const timestamp = Date.now() * 1_000 + 1_500_000;
        for (let i = 0; i < 100; i++) {
          const messages = Array.from({ length: 1_800 }, (_, j) => ({
            type: /** @type {const} */ ('set'),
            address: `/due/${j}`,
            value: one,
          }));
          peer.send({ type: 'bundle', timestamp, messages });
        }
      };
      send();
      const stop = every(send, 2_000);
      return () => (stop(), peer.leave());
    },
  },
  {
    name: 'flood-get',
    about: 'GET as fast as it is taken',
    run: flood((i) => ({ type: 'get', address: `/none/${i}` })),
  },
  {
    name: 'flood-events-new',
    about: 'events to new addresses as fast as they are taken',
    run: floodOfNew((i) => ({ type: 'publish', address: `/flood/${i}/x`, signal: 'event', value: one })),
  },
  {
    name: 'flood-set-new',
    about: 'SETs of new addresses as fast as they are taken',
    run: floodOfNew((i) => ({ type: 'set', address: `/flood/${i}/x`, value: one })),
  },
  {
    name: 'flood-resubscribe',
    about: 'SUBSCRIBE with the same id as fast as it is taken',
    run: flood(() => ({ type: 'subscribe', id: 1, pattern: '/none/**' })),
  },
  ...memoryAttacks,
  ...guestAttacks,
  ...httpAttacks,
];
