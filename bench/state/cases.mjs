// @ts-check
// Router functions besides forwarding: pacing, throttling, expiry and scheduling. Each case runs several loads, each
// against a server of its own, and states with which other load to compare it.
import { measureExpiry, measureExpiryInCore } from './expiry.mjs';
import { measureGestures, measureGesturesInCore } from './gestures.mjs';
import { measurePacing } from './pacing.mjs';
import { measureBundles, measureBundlesInProcess } from './scheduled-bundles.mjs';

/**
 * @typedef {import('../run.mjs').Duration} Duration
 * @typedef {import('../run.mjs').Outcome} Outcome
 * @typedef {import('../targets.mjs').RunningServer & Pick<import('../targets.mjs').Target, 'wire' | 'isEndpoint' | 'acknowledges'>} LoadServer
 *
 * @typedef {object} NamedLoad
 * @property {string} name
 * @property {string} [against] name of the load to compare with
 * @property {(duration: Duration, server: LoadServer) => Promise<Outcome>} [measure] against a server
 * @property {(duration: Duration) => Promise<Outcome>} [measureInProcess] this package's router without a server
 *
 * @typedef {object} StateCase
 * @property {'state'} kind
 * @property {string} name
 * @property {string} about
 * @property {readonly string[]} targets
 * @property {readonly NamedLoad[]} loads
 */

const targets = ['clasp-router'];

const addresses = ['/bench/fader/0', '/bench/fader/1', '/bench/fader/2', '/bench/fader/3'];
const maxRate = 30;
const tenThousand = { perSecond: 10_000, together: 1 };
/** The rate that maxRate permits, in the form in which it leaves the router: all addresses at once. */
const asPaced = { perSecond: maxRate * addresses.length, together: addresses.length };
const one = { subscribers: 1, addresses };
const thousand = { subscribers: 1_000, addresses };
const players = { players: 100, movesPerSecond: 240 };
const params = { params: 100_000 };
const bundles = { perSecond: 1_000 };

/** @type {readonly StateCase[]} */
export const stateCases = [
  {
    kind: 'state',
    name: 'pacing-1000',
    about: `1,000 subscribers with maxRate ${maxRate}, one publisher of SETs to ${addresses.length} addresses`,
    targets,
    loads: [
      {
        name: '1 unpaced, flat out',
        measure: (duration, server) => measurePacing({ ...one, pace: 'blocks' }, duration, server),
      },
      {
        name: '1,000 paced, flat out',
        against: '1 unpaced, flat out',
        measure: (duration, server) => measurePacing({ ...thousand, maxRate, pace: 'blocks' }, duration, server),
      },
      {
        name: '1 unpaced, 10,000 SET/s',
        measure: (duration, server) => measurePacing({ ...one, pace: tenThousand }, duration, server),
      },
      {
        name: '1,000 unpaced, 120 SET/s',
        measure: (duration, server) => measurePacing({ ...thousand, pace: asPaced }, duration, server),
      },
      {
        name: '1,000 paced, 10,000 SET/s',
        against: '1,000 unpaced, 120 SET/s',
        measure: (duration, server) => measurePacing({ ...thousand, maxRate, pace: tenThousand }, duration, server),
      },
    ],
  },
  {
    kind: 'state',
    name: 'gestures',
    about: '100 publishers, each with a gesture of 240 moves a second, to one subscriber',
    targets,
    loads: [
      {
        name: 'as streams',
        measure: (duration, server) => measureGestures({ ...players, signal: 'stream' }, duration, server),
      },
      {
        name: 'as gestures',
        against: 'as streams',
        measure: (duration, server) => measureGestures({ ...players, signal: 'gesture' }, duration, server),
      },
      { name: 'in the core', measureInProcess: (duration) => measureGesturesInCore(players, duration) },
    ],
  },
  {
    kind: 'state',
    name: 'expiry-100k',
    about: '100,000 params expire, while somebody else sets one 1,000 times a second',
    targets,
    loads: [
      {
        name: 'none expire',
        measure: (duration, server) => measureExpiry({ ...params, overSeconds: 1, expire: false }, duration, server),
      },
      {
        name: 'all within a second',
        against: 'none expire',
        measure: (duration, server) => measureExpiry({ ...params, overSeconds: 1, expire: true }, duration, server),
      },
      {
        name: 'all in a burst',
        against: 'none expire',
        measure: (duration, server) => measureExpiry({ ...params, overSeconds: 0, expire: true }, duration, server),
      },
      { name: 'in the core', measureInProcess: (duration) => measureExpiryInCore(params, duration) },
    ],
  },
  {
    kind: 'state',
    name: 'scheduled-bundles',
    about: '1,000 bundles a second, each with a time 200 to 500 ms ahead',
    targets,
    loads: [
      {
        name: 'without a time',
        measure: (duration, server) => measureBundles({ ...bundles, isScheduled: false }, duration, server),
      },
      {
        name: 'scheduled',
        against: 'without a time',
        measure: (duration, server) => measureBundles({ ...bundles, isScheduled: true }, duration, server),
      },
      { name: 'in one process', measureInProcess: (duration) => measureBundlesInProcess(bundles, duration) },
    ],
  },
];
