// @ts-check
import { claspPeers } from './brokers.mjs';
import { elementAt } from './element-at.mjs';
import { scaleCases, soakCase } from './scale/cases.mjs';
import { stateCases } from './state/cases.mjs';

/**
 * @typedef {object} Load load of the publishers
 * @property {number} publishers
 * @property {'set' | 'event'} signal
 * @property {0 | 1} qos of SETs; 1 requests ACKs
 * @property {number} [valueBytes] size of the value; default: an f64
 * @property {readonly string[]} addresses in turn; of equal length, so that messages have equal length
 * @property {'blocks' | 'singles' | { perSecond: number, together: number }} pace as fast as the
 *   server reads, many messages per write or one per packet; or a fixed rate, with a fixed number per write
 *
 * @typedef {object} Audience the subscribers
 * @property {readonly (readonly string[])[]} interests the patterns of each subscriber
 * @property {number} deliveriesPerMessage recipients of a message, on average over the addresses
 * @property {'headers' | 'bytes'} countBy `bytes` if counting each message would be the bottleneck
 * @property {readonly ('binary' | 'cbor' | 'json')[]} [notations] encodings of the subscribers
 *   of a CLASP router, in turn
 *
 * @typedef {object} CaseBase
 * @property {string} name
 * @property {string} about
 * @property {readonly string[]} targets names in targets.mjs
 *
 * @typedef {CaseBase & { kind: 'throughput', load: Load, audience: Audience }} ThroughputCase
 * @typedef {CaseBase & { kind: 'latency', messagesPerSecond: number }} LatencyCase
 * @typedef {CaseBase & { kind: 'codec' }} CodecCase
 * @typedef {ThroughputCase | LatencyCase | CodecCase | import('./state/cases.mjs').StateCase} Case
 */

/** @param {string} kind @returns {string[]} 100 addresses */
const addresses = (kind) => Array.from({ length: 100 }, (_, i) => `/bench/${kind}/${String(i).padStart(2, '0')}`);
const params = addresses('param');

/** @type {Load} */
const sets = { publishers: 1, signal: 'set', qos: 1, addresses: params, pace: 'blocks' };
const everything = ['/bench/**'];
const binary = () => /** @type {const} */ ('binary');

/** @type {Audience} */
const one = { interests: [everything], deliveriesPerMessage: 1, countBy: 'headers' };

/** Returns the patterns of a hundred subscribers. @param {(subscriber: number) => readonly string[]} interest */
const hundred = (interest) => Array.from({ length: 100 }, (_, i) => interest(i));

/** @param {number} subscribers @returns {Audience} */
const allOf = (subscribers) => ({
  interests: Array.from({ length: subscribers }, () => everything),
  deliveriesPerMessage: subscribers,
  countBy: 'bytes',
});

/**
 * Returns a different tenth of the addresses for each of a hundred subscribers: one address per decade, shifted by a
 * different step. Each address has ten subscribers, but no two addresses have the same ten.
 *
 * @param {number} subscriber
 */
const scatteredTenth = (subscriber) => {
  const shift = Math.floor(subscriber / 10);
  return Array.from({ length: 10 }, (_, decade) =>
    elementAt(params, 10 * decade + ((subscriber + shift * decade) % 10)),
  );
};

const fastRouters = ['clasp-router', ...claspPeers, 'nats-server', 'redis-server', 'bun', 'mosquitto'];
const routers = [...fastRouters, 'aedes', 'socket.io', 'naive-ws'];

/** @type {ThroughputCase} */
export const loadAlone = {
  kind: 'throughput',
  name: 'load-alone',
  about: 'the load against a socket that throws everything away: what no server can exceed',
  targets: ['sink'],
  load: sets,
  audience: one,
};

/** @type {readonly Case[]} */
export const cases = [
  loadAlone,
  {
    kind: 'codec',
    name: 'codec',
    about: 'decodeFrame and encodeFrame by themselves',
    targets: ['clasp-router'],
  },
  {
    kind: 'throughput',
    name: 'end-to-end-1-1',
    about: 'SET from one publisher to one subscriber, 100 addresses, each acknowledged',
    targets: routers,
    load: sets,
    audience: one,
  },
  {
    kind: 'throughput',
    name: 'end-to-end-1-1-acks-off',
    about: 'the same at QoS 0, without ACKs',
    targets: [...fastRouters, 'naive-ws'],
    load: { ...sets, qos: 0 },
    audience: one,
  },
  {
    kind: 'throughput',
    name: 'event-1-1',
    about: 'PUBLISH of events from one publisher to one subscriber',
    targets: routers,
    load: { ...sets, signal: 'event', addresses: addresses('event') },
    audience: one,
  },
  {
    kind: 'throughput',
    name: 'payload-256',
    about: 'as end-to-end-1-1 with values of 256 bytes instead of 8',
    targets: fastRouters,
    load: { ...sets, valueBytes: 256 },
    audience: one,
  },
  {
    kind: 'throughput',
    name: 'payload-16k',
    about: 'values of 16 KB, 10,000 a second',
    targets: fastRouters,
    load: { ...sets, valueBytes: 16_384, pace: { perSecond: 10_000, together: 5 } },
    audience: one,
  },
  {
    kind: 'throughput',
    name: 'tls',
    about: '200,000 SETs a second from one publisher to one subscriber, with and without TLS',
    targets: ['clasp-router', 'clasp-router-tls'],
    load: { ...sets, pace: { perSecond: 200_000, together: 100 } },
    audience: one,
  },
  {
    kind: 'throughput',
    name: 'fan-out-1-100',
    about: 'SET from one publisher to 100 subscribers of everything',
    targets: routers,
    load: sets,
    audience: allOf(100),
  },
  {
    kind: 'throughput',
    name: 'fan-out-1-1000',
    about: 'the same to 1,000 subscribers',
    targets: fastRouters,
    load: sets,
    audience: allOf(1_000),
  },
  {
    kind: 'throughput',
    name: 'fan-out-mixed',
    about: 'as fan-out-1-100, but 10 of the 100 speak CBOR and 10 JSON',
    targets: ['clasp-router'],
    load: sets,
    audience: { ...allOf(100), notations: ['binary', 'cbor', 'json', ...Array.from({ length: 7 }, binary)] },
  },
  {
    kind: 'throughput',
    name: 'fan-out-fragmented',
    about: '100 subscribers, each to every tenth of 100 addresses that are written in turn',
    targets: [...fastRouters, 'naive-ws'],
    load: sets,
    audience: {
      interests: hundred((subscriber) => params.filter((_, address) => address % 10 === subscriber % 10)),
      deliveriesPerMessage: 10,
      countBy: 'headers',
    },
  },
  {
    kind: 'throughput',
    name: 'fan-out-scattered',
    about: 'the same with a different tenth for each subscriber, so that no two addresses have the same audience',
    targets: fastRouters,
    load: sets,
    audience: { interests: hundred(scatteredTenth), deliveriesPerMessage: 10, countBy: 'headers' },
  },
  {
    kind: 'throughput',
    name: 'publishers-100',
    about: '100 publishers, one message a packet, QoS 0, to one subscriber; sink and bare-ws only take them in',
    targets: [...fastRouters, 'bare-ws', 'naive-ws', 'sink'],
    load: { ...sets, publishers: 100, qos: 0, pace: 'singles' },
    audience: one,
  },
  {
    kind: 'latency',
    name: 'latency',
    about: 'one hop at 1,000 SETs a second, open loop',
    targets: [...routers, 'bare-ws'],
    messagesPerSecond: 1_000,
  },
  ...scaleCases,
  ...stateCases,
  soakCase,
];

/** Cases that run only on request. @type {ReadonlySet<Case>} */
export const onRequest = new Set([soakCase]);
