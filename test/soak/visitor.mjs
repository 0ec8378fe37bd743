// @ts-check
import { connect, linkTo } from 'clasp-router/client';

/** @typedef {import('clasp-router/client').Client} Client */
/** @typedef {import('../support/mutate.mjs').Random} Random */

/** Params that are written repeatedly: they exist before the first sample, and stay. */
export const FIXED = Array.from({ length: 100 }, (_, i) => `/soak/fixed/${i % 2 === 0 ? 'last' : 'max'}/${i}`);
const LOCKED = Array.from({ length: 5 }, (_, i) => `/soak/fixed/locked/${i}`);
export const ALL_FIXED = [...FIXED, ...LOCKED];

// Addresses from a pool that is used up early: the router's cache of addresses is bounded, and should be full at the
// first counted sample.
const BRIEF_SECONDS = 1;
const brief = (/** @type {Random} */ random) => `/soak/brief/${random.below(500)}`;
const PATTERNS = ['/soak/**', '/soak/fixed/*/*', '/soak/live/*', '/soak/brief/**', '/soak/fixed/last/4*'];

/** @type {readonly [weight: number, act: (client: Client, random: Random) => unknown][]} */
const ACTS = [
  [20, (client, random) => client.set(random.pick(FIXED), random.below(1_000) / 1_000)],
  [5, (client, random) => client.set(random.pick(FIXED), random.below(1_000), { qos: 0 })],
  [10, (client, random) => client.set(brief(random), random.below(100), { ttlSeconds: BRIEF_SECONDS })],
  [10, (client, random) => client.emit(`/soak/live/${random.below(20)}`, { cue: random.below(100) })],
  [
    10,
    (client, random) =>
      client.stream(
        `/soak/live/${random.below(20)}`,
        Float32Array.from({ length: 16 }, () => random.below(100)),
      ),
  ],
  [
    10,
    (client, random) =>
      client.gesture(
        `/soak/live/${random.below(20)}`,
        random.below(5),
        random.pick(['start', 'move', 'move', 'move', 'end']),
        [1, 2],
      ),
  ],
  [
    2,
    (client, random) =>
      client.timeline(`/soak/live/${random.below(20)}`, {
        keyframes: [
          { time: 0, value: 0 },
          { time: 1_000_000, value: 1 },
        ],
      }),
  ],
  [5, (client, random) => client.bundle(bundle(random))],
  [5, (client, random) => client.bundle(bundle(random), { at: client.serverTime() + random.below(500_000) })],
  [4, (client, random) => client.set(random.pick(LOCKED), 1, { lock: true })],
  [4, (client, random) => client.set(random.pick(LOCKED), 0, { unlock: true })],
  [5, (client, random) => client.get(random.pick(FIXED))],
  [2, (client, random) => client.get(`/soak/nowhere/${random.below(100)}`)],
  [
    2,
    (client, random) =>
      client.announce(`/soak/announced/${random.below(50)}`, [
        { address: `/soak/announced/${random.below(500)}`, type: 'event' },
      ]),
  ],
  [2, (client) => client.query('/soak/announced/**')],
  [4, (client, random) => comeAndGo(client, random)],
];
const TOTAL_WEIGHT = ACTS.reduce((sum, [weight]) => sum + weight, 0);

/**
 * A client that connects, subscribes, performs several operations, and disconnects at any point, with or without a
 * close.
 *
 * @param {string} url
 * @param {Random} random
 * @param {() => boolean} isWelcome called before each operation
 * @returns {Promise<number>} number of operations
 */
export async function visit(url, random, isWelcome) {
  /** @type {import('clasp-router/client').Channel | undefined} */
  let channel;
  const link = linkTo(url);
  /** @type {readonly import('clasp-router/client').ClientEncoding[]} */
  const encodings = link.carriesText ? ['binary', 'binary', 'cbor', 'json'] : ['binary', 'binary', 'cbor'];
  const encoding = random.pick(encodings);
  const client = await connect(
    { ...link, open: (events, asked) => (channel = link.open(events, asked)) },
    { name: 'visitor', encoding, reconnect: false, keepAliveMs: 500, ackTimeoutMs: 2_000 },
  );
  client.onError(() => {}); // mostly about locks of other clients
  listen(client, random);
  listen(client, random);
  let acts = 0;
  for (let left = 10 + random.below(40); left > 0 && isWelcome(); left--, acts++) {
    // A datagram can be lost, a lock held by another client, a maximum not reached: all of these are expected.
    void Promise.resolve(act(client, random)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 10 + random.below(60)));
  }
  if (random.below(2) === 0) channel?.destroy(); // a closed laptop sends no close
  await client.close();
  return acts;
}

/** @param {Client} client @param {Random} random */
async function act(client, random) {
  let dice = random.below(TOTAL_WEIGHT);
  for (const [weight, perform] of ACTS) {
    dice -= weight;
    if (dice < 0) return perform(client, random);
  }
  return undefined;
}

/** @param {Client} client @param {Random} random */
function listen(client, random) {
  const options = random.pick([{}, {}, { maxRate: 20 }, { epsilon: 0.1 }, { window: 50 }, { history: 5 }]);
  return client.on(random.pick(PATTERNS), () => {}, options);
}

/** @param {Client} client @param {Random} random */
async function comeAndGo(client, random) {
  const end = listen(client, random);
  await end.ready;
  end();
}

/** @param {Random} random @returns {import('clasp-router/client').BundleItem[]} */
function bundle(random) {
  return [
    { kind: 'param', address: random.pick(FIXED), value: random.below(1_000) },
    { kind: 'event', address: `/soak/live/${random.below(20)}`, value: 'go' },
    { kind: 'param', address: brief(random), value: 1, ttlSeconds: BRIEF_SECONDS },
  ];
}
