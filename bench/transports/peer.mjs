// @ts-check
// One end of a connection over any transport, with a minimum of code between socket and count.
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import net from 'node:net';
import { byteAt } from '../wire/byte-at.mjs';
import { frame, hello, ping, subscribe, Type } from '../wire/clasp-frames.mjs';
import { clientMessage } from '../wire/websocket.mjs';

/** @typedef {'websocket' | 'tcp' | 'pipe' | 'quic' | 'udp'} TransportName */
/** @typedef {{ transport: TransportName, host: string, port: number, path: string, ca: string }} Where */

const HEADER_BYTES = 4;
const COOKIE = 'udp:';

export class Peer {
  /** Messages by type byte. */
  counts = new Float64Array(256);
  lastError = '';
  /** @type {(bytes: Uint8Array) => void} */
  #write = () => {};
  /** @type {() => void} */
  #close = () => {};
  /** @type {TransportName} */
  #transport = 'tcp';
  #held = Buffer.alloc(0);
  /** Called after each read. @type {() => void} */
  onProgress = () => {};

  /** @param {Where} where @param {string} name */
  static async connect(where, name) {
    const peer = new Peer();
    peer.#transport = where.transport;
    await peer.#open(where, name);
    return peer;
  }

  /** Returns the number of messages of a type. @param {number} type 0..255 */
  countOf(type) {
    return this.counts[type] ?? 0;
  }

  get deliveries() {
    return this.countOf(Type.Set) + this.countOf(Type.Publish);
  }

  /** @param {readonly Buffer[]} frames @returns {Buffer | Buffer[]} ready to be sent repeatedly */
  pack(frames) {
    switch (this.#transport) {
      case 'websocket':
        return Buffer.concat(frames.map((one) => clientMessage(one)));
      case 'tcp':
      case 'pipe':
        return Buffer.concat(frames.flatMap((one) => [u32(one.length), one]));
      case 'quic':
        return Buffer.concat(frames);
      case 'udp':
        return [...frames];
    }
  }

  /** @param {Buffer | Buffer[]} packed */
  send(packed) {
    if (Array.isArray(packed)) for (const one of packed) this.#write(one);
    else this.#write(packed);
  }

  /**
   * Resolves once the condition, checked after each read, holds; false if it does not in time. @param {() => boolean}
   * condition @param {number} ms
   */
  until(condition, ms = 10_000) {
    if (condition()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(false), ms);
      const done = (/** @type {boolean} */ met) => {
        clearTimeout(timer);
        this.onProgress = () => {};
        resolve(met);
      };
      this.onProgress = () => {
        if (condition()) done(true);
      };
    });
  }

  /** @param {string} pattern */
  async subscribe(pattern) {
    const pongs = this.countOf(Type.Pong);
    this.send(this.pack([subscribe(1, pattern), ping()]));
    if (!(await this.until(() => this.countOf(Type.Pong) > pongs))) throw new Error('no PONG behind SUBSCRIBE');
  }

  close() {
    this.#close();
  }

  /** @param {Where} where @param {string} name */
  async #open({ transport, host, port, path, ca }, name) {
    if (transport === 'udp') {
      const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
      socket.on('message', (bytes) => this.#take(bytes, 0, bytes.length));
      await new Promise((resolve) => socket.connect(port, host, () => resolve(undefined)));
      this.#write = (bytes) => socket.send(bytes);
      this.#close = () => socket.close();
    } else if (transport === 'quic') {
      const { http3Provider, ALPN } = await import(
        new URL('../../dist/transports/quic/index.js', import.meta.url).href
      );
      const link = await http3Provider().connect({ address: host, port, servername: 'localhost', ca, alpn: ALPN });
      link.stream.on('data', (/** @type {Buffer} */ bytes) => this.#stream(bytes));
      this.#write = (bytes) => link.stream.write(bytes);
      this.#close = () => link.close(0, '');
    } else {
      const socket = transport === 'pipe' ? net.connect(path) : net.connect({ host, port, noDelay: true });
      socket.on('error', (error) => (this.lastError = error.message));
      await new Promise((resolve) => socket.once('connect', resolve));
      if (transport === 'websocket') await upgrade(socket, host, port);
      socket.on('data', (bytes) => this.#stream(bytes));
      this.#write = (bytes) => socket.write(bytes);
      this.#close = () => socket.destroy();
    }
    this.send(this.pack([hello(name)]));
    const isIn = () => this.countOf(Type.Welcome) > 0 && this.countOf(Type.Snapshot) > 0;
    await this.until(() => isIn() || this.lastError.includes(COOKIE));
    if (!isIn()) {
      // UDP: once more, with the cookie as the token.
      const token = Buffer.from(this.lastError);
      const again = Buffer.concat([hello(name).subarray(HEADER_BYTES, -2), u16(token.length), token]);
      this.lastError = '';
      this.send(this.pack([frame(again)]));
      if (!(await this.until(isIn))) throw new Error(`no WELCOME by ${transport}: ${this.lastError}`);
    }
  }

  /** Counts the frames of a stream, wherever it was split. @param {Buffer} chunk */
  #stream(chunk) {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let at = 0;
    for (;;) {
      const start = at + this.#framing(bytes, at);
      if (start + HEADER_BYTES > bytes.length) break;
      const end = start + HEADER_BYTES + bytes.readUInt16BE(start + 2);
      if (end > bytes.length) break;
      this.#count(bytes, start);
      at = end;
    }
    this.#held = at === bytes.length ? EMPTY : Buffer.from(bytes.subarray(at));
    this.onProgress();
  }

  /** @param {Buffer} bytes @param {number} start @param {number} end */
  #take(bytes, start, end) {
    if (end - start > HEADER_BYTES) this.#count(bytes, start);
    this.onProgress();
  }

  /** @param {Buffer} bytes @param {number} start */
  #count(bytes, start) {
    const at = start + HEADER_BYTES;
    const type = byteAt(bytes, at);
    this.counts[type] = this.countOf(type) + 1;
    if (type === Type.Error) {
      this.lastError = bytes.toString('utf8', at + 5, at + 5 + bytes.readUInt16BE(at + 3));
    }
  }

  /** Returns the number of bytes before a frame. @param {Buffer} bytes @param {number} at */
  #framing(bytes, at) {
    if (this.#transport === 'quic') return 0;
    if (this.#transport !== 'websocket') return 4;
    return at + 1 < bytes.length && (byteAt(bytes, at + 1) & 0x7f) === 126 ? 4 : 2;
  }
}

const EMPTY = Buffer.alloc(0);

/** @param {net.Socket} socket @param {string} host @param {number} port */
async function upgrade(socket, host, port) {
  socket.write(
    `GET / HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: clasp\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once('data', resolve)); // the router sends nothing before HELLO
}

/** @param {number} value */
function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** @param {number} value */
function u16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
