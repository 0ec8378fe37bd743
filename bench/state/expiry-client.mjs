// @ts-check
// Three clients of a router in one process: one sets the params that will expire, one keeps working, one observes the
// expiry.
import { setTimeout as sleep } from 'node:timers/promises';
import { elementAt } from '../element-at.mjs';
import { Histogram } from '../histogram.mjs';
import { machineMicros } from '../machine-clock.mjs';
import { openLoop } from '../open-loop.mjs';
import { serve } from '../serve.mjs';
import { get, set, Type } from '../wire/clasp-frames.mjs';
import { readMessages, snapshotInt } from '../wire/clasp-reader.mjs';
import { clientMessage } from '../wire/websocket.mjs';
import { watchCpu } from './server-time.mjs';

/**
 * @typedef {import('../wire/clasp.mjs').Peer} Peer
 * @typedef {{ sentMicros: number, tookMicros: number }} RoundTrip
 */

const BLOCK = 1_000;
const PER_SECOND = 1_000;
/** The router updates its statistics at most every 100 ms. */
const LOOK_MS = 25;
const EXPIRED = '/$clasp/drops/expiredParams';
/** Number of expired params that are requested by name. */
const SAMPLE = 100;
const NEVER_SECONDS = 3_600;
const PATIENCE_SECONDS = 5;

/** @type {Peer} */
let setter;
/** @type {Peer} */
let bystander;
/** @type {Peer} */
let observer;

serve({ open, measure });

/** @param {{ wire: string, server: import('../wire/clasp.mjs').Server }} input */
async function open({ wire, server }) {
  const { connect } = await import(`../wire/${wire}.mjs`);
  [setter, bystander, observer] = [
    await connect(server, 'setter'),
    await connect(server, 'bystander'),
    await connect(server, 'observer'),
  ];
}

/**
 * @param {{ params: number, overSeconds: number, ttlSeconds: number, expire: boolean, pid: number | undefined }} input
 */
async function measure({ params, overSeconds, ttlSeconds, expire, pid }) {
  const roundTrips = workOn();
  const set = await setAll(params, overSeconds, expire ? ttlSeconds : NEVER_SECONDS);
  // The router counts from the arrival of a SET, which is between its sending and its ACK.
  const firstDue = set.firstSentMicros + ttlSeconds * 1e6;
  const lastDue = set.lastAckMicros + ttlSeconds * 1e6;

  const expired = watchExpired();
  await until(firstDue);
  const tooEarly = expired.count;
  const watch = watchCpu(pid);
  await until(lastDue);
  const visible = await visibleOf(params);
  while (expire && expired.count < params && machineMicros() < lastDue + PATIENCE_SECONDS * 1e6) await sleep(LOOK_MS);
  const used = watch.stop();
  const lookedMicros = machineMicros();
  expired.stop();
  const times = new Histogram();
  for (const { sentMicros, tookMicros } of await roundTrips.stop()) {
    if (sentMicros >= firstDue && sentMicros <= lookedMicros) times.record(tookMicros);
  }
  return {
    p50: times.percentile(0.5),
    p99: times.percentile(0.99),
    max: times.max,
    roundTrips: times.count,
    dueSeconds: (lastDue - firstDue) / 1e6,
    expired: expired.count,
    tooEarly,
    visible,
    clearedMicros: expired.atMicros - lastDue,
    used,
    problems: [setter, bystander, observer].flatMap(({ connection }) =>
      connection.lost === undefined ? [] : [`a connection was lost: ${connection.lost}`],
    ),
  };
}

/**
 * Sets every param once, and waits for the ACKs.
 *
 * @param {number} params
 * @param {number} overSeconds 0: as fast as the router reads them
 * @param {number} ttlSeconds
 */
async function setAll(params, overSeconds, ttlSeconds) {
  const { connection, walker } = setter;
  const blocks = Array.from({ length: params / BLOCK }, (_, block) =>
    Buffer.concat(
      Array.from({ length: BLOCK }, (_, i) => clientMessage(set(addressOf(block * BLOCK + i), i, 1, ttlSeconds))),
    ),
  );
  const firstSentMicros = machineMicros();
  const send = (/** @type {number} */ i) => connection.send(elementAt(blocks, i));
  if (overSeconds > 0) {
    await openLoop({ seconds: overSeconds, perSecond: blocks.length / overSeconds }, send);
  } else {
    for (const i of blocks.keys()) if (!send(i)) await connection.drained();
  }
  await connection.until(() => walker.acks >= params, 'ACKs');
  return { firstSentMicros, lastAckMicros: machineMicros() };
}

/** @param {number} i */
function addressOf(i) {
  return `/bench/brief/${i}`;
}

/** The bystander sets a param of its own repeatedly, and times each ACK. */
function workOn() {
  /** @type {RoundTrip[]} */
  const roundTrips = [];
  /** Send times of the SETs without an ACK; ACKs arrive in the order of the SETs. @type {number[]} */
  const waiting = [];
  let isOn = true;
  readMessages(bystander, (bytes, start) => {
    const sentMicros = bytes[start] === Type.Ack ? waiting.shift() : undefined;
    if (sentMicros !== undefined) roundTrips.push({ sentMicros, tookMicros: machineMicros() - sentMicros });
  });
  const done = (async () => {
    while (isOn) {
      await openLoop({ seconds: 0.1, perSecond: PER_SECOND }, (i) => {
        waiting.push(machineMicros());
        bystander.connection.send(clientMessage(set('/bench/bystander', i, 1)));
      });
    }
    await bystander.connection.until(() => waiting.length === 0, 'ACKs of the bystander');
  })();
  return {
    async stop() {
      isOn = false;
      await done;
      return roundTrips;
    },
  };
}

/** Polls the router for the number of expired params. */
function watchExpired() {
  const watch = {
    count: 0,
    /** Time of the last change. */
    atMicros: NaN,
    stop: () => clearInterval(timer),
  };
  readMessages(observer, (bytes, start) => {
    if (bytes[start] !== Type.Snapshot) return;
    const count = snapshotInt(bytes, start);
    if (count !== watch.count) watch.atMicros = machineMicros();
    watch.count = count;
  });
  const timer = setInterval(() => observer.connection.send(clientMessage(get(EXPIRED))), LOOK_MS);
  return watch;
}

/** Returns how many params of a sample still exist. @param {number} params */
async function visibleOf(params) {
  const { connection, walker } = setter;
  const answers = () => walker.countOf(Type.Error) + walker.countOf(Type.Snapshot);
  const [answersBefore, snapshotsBefore] = [answers(), walker.countOf(Type.Snapshot)];
  const sample = Array.from({ length: SAMPLE }, (_, i) => addressOf(params - 1 - Math.floor((i * params) / SAMPLE)));
  connection.send(Buffer.concat(sample.map((address) => clientMessage(get(address)))));
  await connection.until(() => answers() - answersBefore >= SAMPLE, 'answers to GET');
  return walker.countOf(Type.Snapshot) - snapshotsBefore;
}

/** @param {number} micros by the machine's clock */
async function until(micros) {
  for (let left = micros - machineMicros(); left > 0; left = micros - machineMicros())
    await sleep(Math.ceil(left / 1000));
}
