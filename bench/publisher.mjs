// @ts-check
// The load: one process with any number of publishers. Frames are built before the clock starts.
import { elementAt } from './element-at.mjs';
import { machineMicros } from './machine-clock.mjs';
import { openLoop } from './open-loop.mjs';
import { serve } from './serve.mjs';

/**
 * @typedef {import('./wire/clasp.mjs').Peer} Peer
 * @typedef {import('./cases.mjs').Load} Load
 */

/** Upper limit: what one write of a busy sender carries. */
const MESSAGES_PER_BLOCK = 500;
const BYTES_PER_BLOCK = 128 * 1024;
/** About half a second of work for a slow server. */
const DELIVERIES_PER_BLOCK = 50_000;
/**
 * Maximum data in flight, in milliseconds of the server's own pace. The kernel's buffers would accept 100,000
 * messages from a publisher: little for a fast server, but two minutes of work for a slow one with 100 subscribers.
 */
const BACKLOG_MS = 500;
const LEAST_BACKLOG_BLOCKS = 4;

/** @type {Peer[]} */
let peers = [];
/** @type {Buffer[]} */
let messages = [];
/** The end of a block; undefined if the server does not answer. @type {Buffer | undefined} */
let ping;
/** @type {Load['pace']} */
let pace = 'blocks';
let messagesPerBlock = MESSAGES_PER_BLOCK;
/** Builds messages whose values no earlier message had. @type {((values: readonly number[]) => Buffer[])} */
let buildLast;

serve({ open, publish, publishUntilTaken, publishLast, status });

/** @param {{ wire: string, server: import('./wire/clasp.mjs').Server, load: Load, answersPings: boolean, deliveriesPerMessage?: number }} input */
async function open({ wire, server, load, answersPings, deliveriesPerMessage = 1 }) {
  const { connect, messages: build, oneToEach, ping: buildPing } = await import(`./wire/${wire}.mjs`);
  // Each address gets the same number: few addresses repeat within a block, many addresses span several blocks.
  messages = build(load, Math.ceil(MESSAGES_PER_BLOCK / load.addresses.length) * load.addresses.length);
  const messageBytes = elementAt(messages, 0).length;
  messagesPerBlock = Math.max(
    1,
    Math.min(
      MESSAGES_PER_BLOCK,
      Math.floor(BYTES_PER_BLOCK / messageBytes),
      Math.floor(DELIVERIES_PER_BLOCK / deliveriesPerMessage),
    ),
  );
  while (messages.length % messagesPerBlock > 0) messagesPerBlock--;
  buildLast = (values) => oneToEach(load, values);
  ping = answersPings ? buildPing() : undefined;
  pace = load.pace;
  for (let i = 0; i < load.publishers; i++) peers.push(await connect(server, `publisher ${i}`));
  return { messageBytes };
}

/**
 * Publishes at the pace of the load.
 *
 * @param {{ seconds: number }} input
 * @returns {Promise<{ sent: number }>}
 */
async function publish({ seconds }) {
  const end = performance.now() + seconds * 1000;
  const sent =
    pace === 'blocks'
      ? await Promise.all(peers.map((peer) => publishBlocks(peer, end)))
      : [pace === 'singles' ? await publishSingles(end) : await publishAtRate(seconds, pace)];
  await Promise.all(peers.map(({ connection }) => connection.drained()));
  return { sent: sent.reduce((sum, n) => sum + n) };
}

/**
 * Publishes, and waits for the ACK of every message.
 *
 * @param {{ seconds: number }} input
 * @returns {Promise<{ sent: number, seconds: number }>} until the last ACK
 */
async function publishUntilTaken(input) {
  const started = performance.now();
  const before = acks();
  const { sent } = await publish(input);
  for (const { connection } of peers) await connection.until(() => acks() - before >= sent, 'ACKs');
  return { sent, seconds: (performance.now() - started) / 1000 };
}

/**
 * Publishes one message to each address.
 *
 * @param {{ values: readonly number[] }} input by address
 * @returns {{ sentMicros: number }} by the machine's clock
 */
function publishLast({ values }) {
  const last = Buffer.concat(buildLast(values));
  const sentMicros = machineMicros();
  elementAt(peers, 0).connection.send(last);
  return { sentMicros };
}

function acks() {
  return peers.reduce((sum, { walker }) => sum + walker.acks, 0);
}

function status() {
  return {
    acks: acks(),
    problems: peers.flatMap(({ connection, walker }, i) => [
      ...(connection.lost === undefined ? [] : [`publisher ${i} lost its connection: ${connection.lost}`]),
      ...(walker.lastError === undefined ? [] : [`publisher ${i} got ERROR ${walker.lastError}`]),
    ]),
  };
}

/**
 * Many messages per write, as a busy sender's socket coalesces them, with a PING at the end of each block. The number
 * of unanswered blocks is limited to the number that was answered in the last half second.
 *
 * @param {Peer} peer
 * @param {number} end
 */
async function publishBlocks({ connection, walker }, end) {
  const prepared = cutIntoBlocks();
  const pongsBefore = walker.pongs;
  /** Arrival times of the latest answers. @type {number[]} */
  const answers = [];
  let answered = 0;
  let blocks = 0;
  const mayGoOn = () => {
    const now = performance.now();
    for (; answered < walker.pongs - pongsBefore; answered++) answers.push(now);
    while (answers.length > 0 && elementAt(answers, 0) < now - BACKLOG_MS) answers.shift();
    return blocks - answered < Math.max(LEAST_BACKLOG_BLOCKS, answers.length);
  };
  while (performance.now() < end && connection.lost === undefined) {
    const block = elementAt(prepared, blocks++ % prepared.length);
    if (!connection.send(block)) await connection.drained();
    if (ping !== undefined && !mayGoOn()) await connection.until(mayGoOn, 'PONG');
  }
  return blocks * messagesPerBlock;
}

/** Splits all messages into blocks with a PING at the end of each. */
function cutIntoBlocks() {
  const end = ping === undefined ? [] : [ping];
  return Array.from({ length: messages.length / messagesPerBlock }, (_, i) =>
    Buffer.concat([...messages.slice(i * messagesPerBlock, (i + 1) * messagesPerBlock), ...end]),
  );
}

/**
 * One message per packet: the publishers send in turn, like a hundred people who move a fader. A publisher whose
 * socket is full is skipped in that round.
 *
 * @param {number} end
 */
async function publishSingles(end) {
  let sent = 0;
  while (performance.now() < end) {
    const before = sent;
    for (let i = 0; i < peers.length; i++) {
      const { connection } = elementAt(peers, i);
      if (connection.isFull || connection.lost !== undefined) continue;
      connection.send(elementAt(messages, sent % messages.length));
      sent++;
    }
    if (sent === before) await Promise.race(peers.map(({ connection }) => connection.drained()));
    await new Promise((resolve) => setImmediate(resolve)); // so that ACKs are read
  }
  return sent;
}

/**
 * @param {number} seconds
 * @param {{ perSecond: number, together: number }} rate
 */
async function publishAtRate(seconds, { perSecond, together }) {
  const writes = Array.from({ length: messages.length / together }, (_, i) =>
    Buffer.concat(messages.slice(i * together, (i + 1) * together)),
  );
  const written = await openLoop({ seconds, perSecond: perSecond / together }, (i) =>
    elementAt(peers, i % peers.length).connection.send(elementAt(writes, i % writes.length)),
  );
  return written * together;
}
