// @ts-check
import { decodeFrame, decodeJson, encodeFrame } from 'clasp-router/protocol';
import { mutatedFrame, Random } from '../../support/mutate.mjs';
import { openBareWebSocket, openTcp, openUdp, openWebSocket } from './lines.mjs';

/** @typedef {import('./lines.mjs').Line} Line */
/** @typedef {'websocket' | 'bare websocket' | 'tcp' | 'udp'} Kind */

const ANSWER_MS = 5_000;
const MOST_FRAMES = 40;
/** Connections per datagram socket: each new socket is another peer, and silent peers stay for half a minute. */
const VISITS_PER_SOCKET = 25;
const INTERNAL_ERROR = 500;

/**
 * Connects to a router repeatedly and sends invalid data. The data of connection n depends only on its seed and n, up
 * to the point where the connection ends.
 */
export class Attacker {
  /** The most recent data, oldest first. @type {string[]} */
  said = [];
  counts = { visits: 0, frames: 0, replies: 0, errors: 0, refusedVisits: 0, welcomed: 0, closedByRouter: 0 };
  #kind;
  #seed;
  #random;
  #corpus;
  #doors;
  /** @type {(text: string) => void} */
  #onFind;
  /** @type {Line | undefined} */
  #kept;

  /**
   * @param {Kind} kind
   * @param {{ doors: import('../../support/router-process.mjs').RouterProcess['doors'], seed: number,
   *   corpus: { frames: Uint8Array[], texts: Uint8Array[] }, onFind: (text: string) => void }} parts
   */
  constructor(kind, { doors, seed, corpus, onFind }) {
    this.#kind = kind;
    this.#seed = seed;
    this.#doors = doors;
    this.#random = new Random(seed);
    this.#corpus = corpus;
    this.#onFind = onFind;
  }

  get kind() {
    return this.#kind;
  }

  /** One connection, without an expected result. */
  async visit() {
    this.counts.visits++;
    const random = new Random((this.#seed + Math.imul(this.counts.visits, 0x85eb_ca6b)) >>> 0);
    this.#random = random;
    const saysHello = random.below(4) > 0;
    const frames = 1 + random.below(MOST_FRAMES);
    const isRude = random.below(2) === 0;
    const line = await this.#line().catch(() => undefined);
    if (line === undefined) {
      this.counts.refusedVisits++;
      return;
    }
    if (saysHello) await this.#hello(line);
    for (let i = 0; i < frames && line.isOpen; i++) {
      this.#say(line);
      if (random.below(8) === 0) await turn();
    }
    await turn();
    if (!line.isOpen) this.counts.closedByRouter++;
    this.#read(line);
    if (this.#kind === 'udp' && this.counts.visits % VISITS_PER_SOCKET !== 0) return;
    this.#kept = undefined;
    line.leave(isRude);
  }

  leave() {
    this.#kept?.leave(true);
    this.#kept = undefined;
  }

  async #line() {
    const random = this.#random;
    switch (this.#kind) {
      case 'websocket':
        return openWebSocket(
          this.#doors.websocket,
          random.pick([[], ['clasp'], ['clasp.cbor'], ['clasp', 'clasp.cbor']]),
        );
      case 'bare websocket': {
        const isSpoiled = random.below(3) === 0;
        const spoiled = (/** @type {Uint8Array} */ bytes) => this.#spoiled(bytes, this.#corpus.texts);
        return openBareWebSocket(this.#doors.websocket, isSpoiled ? spoiled : (bytes) => bytes, spoiled);
      }
      case 'tcp':
        return openTcp(this.#doors.tcp);
      case 'udp':
        return (this.#kept ??= await openUdp(this.#doors.udp));
    }
  }

  /** Sends a valid HELLO, so that the router processes the following data. @param {Line} line */
  async #hello(line) {
    const encoding = this.#random.pick(/** @type {const} */ (['binary', 'binary', 'cbor']));
    const hello = (/** @type {string | undefined} */ token) =>
      encodeFrame({ type: 'hello', version: 1, name: 'attacker', features: ['param', 'event'], token }, { encoding });
    line.send(hello(undefined));
    if (this.#kind === 'bare websocket') return;
    const answer = await this.#answer(line, ['welcome', 'error']);
    if (answer?.type === 'error' && answer.message.startsWith('udp:')) {
      line.send(hello(answer.message));
      if ((await this.#answer(line, ['welcome']))?.type === 'welcome') this.counts.welcomed++;
    } else if (answer?.type === 'welcome') this.counts.welcomed++;
  }

  /** @param {Line} line */
  #say(line) {
    const random = this.#random;
    const isText = line.sendText !== undefined && random.below(5) === 0;
    const sources = isText ? this.#corpus.texts : this.#corpus.frames;
    const original = random.pick(sources);
    const bytes = random.below(6) === 0 ? original : this.#spoiled(original, sources);
    const isSound = random.below(6) > 0;
    this.counts.frames++;
    this.said.push(
      `${this.#kind} visit ${this.counts.visits}${isText ? ' text' : isSound ? '' : ' unframed'} ${Buffer.from(bytes).toString('hex')}`,
    );
    if (this.said.length > MOST_FRAMES) this.said.shift();
    if (isText) line.sendText?.(bytes);
    else line.send(bytes, isSound);
  }

  /** @param {Uint8Array} bytes @param {readonly Uint8Array[]} corpus */
  #spoiled(bytes, corpus) {
    return mutatedFrame(bytes, corpus, this.#random);
  }

  /**
   * Returns the first message of one of these types, if one arrives. @param {Line} line @param {readonly string[]}
   * types
   */
  async #answer(line, types) {
    const deadline = performance.now() + ANSWER_MS;
    while (line.isOpen && performance.now() < deadline) {
      const found = this.#read(line).find(({ type }) => types.includes(type));
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return undefined;
  }

  /**
   * Whatever was sent, the router's messages must be valid, and must not report an internal error. @param {Line} line
   */
  #read(line) {
    return line.replies().flatMap((reply) => {
      this.counts.replies++;
      try {
        const { message } = typeof reply === 'string' ? decodeJson(reply) : decodeFrame(reply);
        if (message.type === 'error') {
          this.counts.errors++;
          if (message.code === INTERNAL_ERROR) this.#onFind(`the router says that it failed: ${message.message}`);
        }
        return [message];
      } catch (error) {
        const text = typeof reply === 'string' ? reply : Buffer.from(reply).toString('hex');
        this.#onFind(`the router says what cannot be read (${error}): ${text}`);
        return [];
      }
    });
  }
}

function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}
