// @ts-check
import net from 'node:net';
import { decodeFrame, encodeFrame } from 'clasp-router/protocol';

/** @typedef {import('clasp-router/protocol').Message} Message */

/** A TCP client that sends any bytes: frames with a u32 length prefix each. */
export class Peer {
  /** Messages received, by type. @type {Record<string, number>} */
  received = {};
  /** Codes of the ERRORs received. @type {Record<number, number>} */
  errors = {};
  /** Why the connection has ended. @type {string | undefined} */
  lost;
  #socket;
  /** @type {Buffer} */
  #rest = Buffer.alloc(0);
  #counts = true;

  /** @param {net.Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('error', (error) => (this.lost ??= error.message));
    socket.on('close', () => (this.lost ??= 'closed by the router'));
  }

  /**
   * Connects, sends HELLO, and waits for WELCOME.
   *
   * @param {number} port
   * @param {{ token?: string | undefined, name?: string }} [options]
   */
  static async join(port, { token, name = 'attacker' } = {}) {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    await /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    );
    const peer = new Peer(socket);
    peer.send({ type: 'hello', version: 1, name, features: [], token });
    await peer.until(() => (peer.received['welcome'] ?? 0) > 0);
    return peer;
  }

  /** @param {...Message} messages */
  send(...messages) {
    this.write(framed(messages.map((message) => encodeFrame(message))));
  }

  /** @param {Uint8Array} bytes frames with their length prefixes */
  write(bytes) {
    if (this.lost === undefined) this.#socket.write(bytes);
  }

  /**
   * Writes the same bytes repeatedly, as fast as the router reads. @param {Uint8Array} bytes @returns a function that
   * stops it
   */
  flood(bytes) {
    let isOn = true;
    const more = () => {
      while (isOn && this.lost === undefined)
        if (!this.#socket.write(bytes)) return void this.#socket.once('drain', more);
    };
    more();
    return () => {
      isOn = false;
    };
  }

  /** Reads without decoding, for peers that receive much. */
  ignoreAnswers() {
    this.#counts = false;
  }

  /** Stops reading. */
  stall() {
    this.#socket.pause();
  }

  leave() {
    this.#socket.destroy();
  }

  /** Resolves when everything that was sent so far is answered. */
  async settled() {
    const count = this.received['pong'] ?? 0;
    this.send({ type: 'ping' });
    await this.until(() => (this.received['pong'] ?? 0) > count);
  }

  /** @param {() => boolean} condition */
  async until(condition) {
    const deadline = performance.now() + 120_000;
    while (!condition() && this.lost === undefined && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** @param {Buffer} bytes */
  #read(bytes) {
    if (!this.#counts) return;
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (this.#rest.length - at >= 4) {
      const length = this.#rest.readUInt32BE(at);
      if (this.#rest.length - at - 4 < length) break;
      const { message } = decodeFrame(this.#rest, at + 4, at + 4 + length);
      this.received[message.type] = (this.received[message.type] ?? 0) + 1;
      if (message.type === 'error') this.errors[message.code] = (this.errors[message.code] ?? 0) + 1;
      at += 4 + length;
    }
    this.#rest = this.#rest.subarray(at);
  }
}

/** @param {readonly Uint8Array[]} frames */
export function framed(frames) {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(frame.length);
      return [length, frame];
    }),
  );
}

/** @param {readonly Message[]} messages */
export function encoded(messages) {
  return framed(messages.map((message) => encodeFrame(message)));
}
