// @ts-check
// Costs at scale: patterns, params, sessions, disturbing clients, long runs. Each case runs one or more loads, each
// against a server of its own.
import { claspPeers } from '../brokers.mjs';
import { measureFairness } from './fairness.mjs';
import { measureFrozen } from './frozen.mjs';
import { measureInspected } from './inspected.mjs';
import { measureLateJoiner, measureManyParams } from './many-params.mjs';
import { measureSubscriptions } from './memory.mjs';
import { measurePatterns } from './patterns.mjs';
import { measureConnects, measureIdleSessions, measureStorm } from './sessions.mjs';
import { measureSoak } from './soak.mjs';

/** @typedef {import('../state/cases.mjs').StateCase} StateCase */

const everything = ['/bench/**'];
/** @type {import('../cases.mjs').Load} */
const sets = {
  publishers: 1,
  signal: 'set',
  qos: 1,
  addresses: Array.from({ length: 100 }, (_, i) => `/bench/param/${String(i).padStart(2, '0')}`),
  pace: 'blocks',
};
/** @type {import('../cases.mjs').Audience} */
const one = { interests: [everything], deliveriesPerMessage: 1, countBy: 'headers' };
/** @type {import('../cases.mjs').Audience} */
const ten = { interests: Array.from({ length: 10 }, () => everything), deliveriesPerMessage: 10, countBy: 'headers' };
const joiner = { params: 100_000 };

/** @type {readonly StateCase[]} */
export const scaleCases = [
  {
    kind: 'state',
    name: 'patterns-10k',
    about: '10,000 patterns of 10 subscribers against 10, with 100 addresses and with 100,000',
    targets: ['clasp-router'],
    loads: [
      {
        name: '10',
        measure: (duration, server) => measurePatterns({ patterns: 10, addresses: 100 }, duration, server),
      },
      {
        name: '10,000',
        against: '10',
        measure: (duration, server) => measurePatterns({ patterns: 10_000, addresses: 100 }, duration, server),
      },
      {
        name: '10, many addresses',
        measure: (duration, server) => measurePatterns({ patterns: 10, addresses: 100_000 }, duration, server),
      },
      {
        name: '10,000, many addresses',
        against: '10, many addresses',
        measure: (duration, server) => measurePatterns({ patterns: 10_000, addresses: 100_000 }, duration, server),
      },
    ],
  },
  {
    kind: 'state',
    name: 'frozen-1-of-100',
    about: '1,000 SETs a second to 100 subscribers, of whom one no longer reads',
    targets: ['clasp-router'],
    loads: [
      { name: 'all read', measure: (duration, server) => measureFrozen({ isFrozen: false }, duration, server) },
      {
        name: 'one frozen',
        against: 'all read',
        measure: (duration, server) => measureFrozen({ isFrozen: true }, duration, server),
      },
    ],
  },
  {
    kind: 'state',
    name: 'fairness',
    about: 'PINGs of one session while another publishes at full speed to 10 subscribers',
    targets: ['clasp-router'],
    loads: [
      {
        name: 'nobody publishes',
        measure: (duration, server) => measureFairness({ load: undefined, audience: ten }, duration, server),
      },
      {
        name: 'full speed',
        against: 'nobody publishes',
        measure: (duration, server) => measureFairness({ load: sets, audience: ten }, duration, server),
      },
    ],
  },
  {
    kind: 'state',
    name: 'inspected',
    about: 'end-to-end-1-1 with --inspect and a page open that watches everything',
    targets: ['clasp-embedded'],
    loads: [
      {
        name: 'nobody looks',
        measure: (duration, server) =>
          measureInspected({ isWatched: false, load: sets, audience: one }, duration, server),
      },
      {
        name: 'inspected',
        against: 'nobody looks',
        measure: (duration, server) =>
          measureInspected({ isWatched: true, load: sets, audience: one }, duration, server),
      },
    ],
  },
  {
    kind: 'state',
    name: 'late-joiner-100k',
    about: 'a snapshot of 100,000 params, and PINGs of another session meanwhile',
    targets: ['clasp-router'],
    loads: [
      {
        name: 'nobody joins',
        measure: (_duration, server) => measureLateJoiner({ ...joiner, joins: false }, server),
      },
      {
        name: 'one joins',
        against: 'nobody joins',
        measure: (_duration, server) => measureLateJoiner({ ...joiner, joins: true }, server),
      },
    ],
  },
  {
    kind: 'state',
    name: 'params-1m',
    about: '1,000,000 params: setting them, their memory, and all of them for a late joiner (100,000 with --quick)',
    targets: ['clasp-embedded'],
    loads: [
      {
        name: '',
        measure: (duration, server) => measureManyParams({ params: 1_000_000, quickParams: 100_000 }, duration, server),
      },
    ],
  },
  {
    kind: 'state',
    name: 'subscriptions-100k',
    about: 'the memory of 100,000 subscriptions, each to another pattern',
    targets: ['clasp-embedded'],
    loads: [
      {
        name: '',
        measure: (_duration, server) => measureSubscriptions({ subscriptions: 100_000 }, server),
      },
    ],
  },
  {
    kind: 'state',
    name: 'idle-sessions-10k',
    about: 'the memory of 10,000 sessions that do nothing, and what is left of them (1,000 with --quick)',
    targets: ['clasp-embedded', 'bare-ws'],
    loads: [
      {
        name: '',
        measure: (duration, server) =>
          measureIdleSessions({ sessions: 10_000, quickSessions: 1_000 }, duration, server),
      },
    ],
  },
  {
    kind: 'state',
    name: 'connects',
    about: 'connections a second: handshake, greeting, close',
    targets: [
      'clasp-router',
      'bare-ws',
      'nats-server',
      'redis-server',
      'bun',
      'mosquitto',
      'aedes',
      'socket.io',
      ...claspPeers,
    ],
    loads: [{ name: '', measure: measureConnects }],
  },
  {
    kind: 'state',
    name: 'reconnect-storm',
    about: '5,000 subscribers vanish at once and come back at once (1,000 with --quick)',
    targets: ['clasp-router'],
    loads: [
      {
        name: '',
        measure: (duration, server) => measureStorm({ sessions: 5_000, quickSessions: 1_000 }, duration, server),
      },
    ],
  },
];

/** @type {StateCase} */
export const soakCase = {
  kind: 'state',
  name: 'soak',
  about: 'full load for long, and what is in memory after garbage collections; only with --soak MINUTES',
  targets: ['clasp-embedded'],
  loads: [{ name: '', measure: (duration, server) => measureSoak({ load: sets, audience: ten }, duration, server) }],
};
