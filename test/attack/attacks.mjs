// @ts-check
// What hostile clients do. Each attack fills the router first, then attacks until it is stopped.
import { encodeValue } from 'clasp-router/protocol';
import { elementAt } from '../../bench/element-at.mjs';
import { encoded, Peer } from './peer.mjs';

/** @typedef {import('clasp-router/protocol').Message} Message */
/**
 * @typedef {object} Attack
 * @property {string} name
 * @property {string} about
 * @property {(port: number, token?: string) => Promise<() => Promise<object | void> | object | void>} run begins it; what it returns ends it and
 *   says what came of it
 */

const one = encodeValue(1);
const deep = (/** @type {number} */ i) => `/${Array.from({ length: 120 }, () => 'aaaaaa').join('/')}/${i}`;
const hostilePattern = `/**${'/*a*a*a*'.repeat(60)}/*b*/**/*a*/**`;

/** @param {Peer} peer @param {number} count @param {(i: number) => string} address */
async function fill(peer, count, address, value = one) {
  for (let at = 0; at < count; at += 500) {
    const messages = Array.from({ length: Math.min(500, count - at) }, (_, i) => ({
      type: /** @type {const} */ ('set'),
      address: address(at + i),
      value,
    }));
    peer.write(encoded(messages));
    await peer.settled();
  }
}

/** Sends a message again and again as fast as it is taken. @param {(i: number) => Message} make @param {number} [lot] */
function flood(make, lot = 2_000) {
  return async (/** @type {number} */ port, /** @type {string | undefined} */ token) => {
    const peer = await Peer.join(port, { token });
    peer.ignoreAnswers();
    const stop = peer.flood(encoded(Array.from({ length: lot }, (_, i) => make(i))));
    return () => {
      stop();
      peer.leave();
    };
  };
}

/** Fresh addresses without end. @param {(i: number) => Message} make */
function floodOfNew(make) {
  return async (/** @type {number} */ port, /** @type {string | undefined} */ token) => {
    const peer = await Peer.join(port, { token });
    peer.ignoreAnswers();
    let next = 0;
    const lots = Array.from({ length: 100 }, () => encoded(Array.from({ length: 500 }, () => make(next++))));
    let isOn = true;
    void (async () => {
      for (let i = 0; isOn && peer.lost === undefined; i++) {
        peer.write(elementAt(lots, i % lots.length));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    return () => {
      isOn = false;
      peer.leave();
    };
  };
}

/** Repeats a step every so often. @param {() => void} step @param {number} everyMs */
function every(step, everyMs) {
  const timer = setInterval(step, everyMs);
  return () => clearInterval(timer);
}

/** @type {readonly Attack[]} */
export const attacks = [
  {
    name: 'subscribe-globstars',
    about: 'SUBSCRIBE of a costly pattern over 16,000 deep params',
    async run(port, token) {
      const peer = await Peer.join(port, { token });
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
    async run(port, token) {
      const peers = await Promise.all(Array.from({ length: 20 }, () => Peer.join(port, { token })));
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
    async run(port, token) {
      const peer = await Peer.join(port, { token });
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
    run: (port, token) => {
      const ttls = Array.from({ length: 60_000 }, (_, i) => 100_000 - i);
      return flood((i) => ({ type: 'set', address: '/ttl', value: one, ttl: ttls[i] ?? 1 }), 60_000)(port, token);
    },
  },
  {
    name: 'snapshots-repeated',
    about: 'two clients repeat SUBSCRIBE /** over 20,000 params',
    async run(port, token) {
      const peers = await Promise.all([Peer.join(port, { token }), Peer.join(port, { token })]);
      await fill(peers[0], 20_000, (i) => `/many/${i}`);
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
    async run(port, token) {
      const writer = await Peer.join(port, { token });
      await fill(writer, 20_000, (i) => `/many/${i}`);
      const peers = await Promise.all(Array.from({ length: 100 }, () => Peer.join(port, { token })));
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
    async run(port, token) {
      const peer = await Peer.join(port, { token });
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
  {
    name: 'large-values',
    about: 'SETs of 60 KB to new addresses as fast as they are taken',
    run: async (port, token) => {
      const peer = await Peer.join(port, { token });
      peer.ignoreAnswers();
      const value = encodeValue(new Uint8Array(60_000));
      let next = 0;
      let isOn = true;
      void (async () => {
        while (isOn && peer.lost === undefined) {
          for (let i = 0; i < 20; i++) peer.send({ type: 'set', address: `/large/${next++}`, value });
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      })();
      return () => {
        isOn = false;
        peer.leave();
      };
    },
  },
];
