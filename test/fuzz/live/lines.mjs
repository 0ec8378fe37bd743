// @ts-check
/* global AbortSignal */
// Four kinds of raw connections to a router on 127.0.0.1. Each returns a line:
//
// send(bytes, isSound) sends a frame; if `isSound`, with correct framing of the transport sendText(bytes) sends the
// text of a JSON message, if the transport has texts replies() returns the router's frames and texts since the last
// call isOpen, leave(isRude)
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { byteAt } from '../../../bench/wire/byte-at.mjs';

const HOST = '127.0.0.1';
const CONNECT_MS = 10_000;

/** @typedef {Awaited<ReturnType<typeof openWebSocket>> | Awaited<ReturnType<typeof openTcp>> | Awaited<ReturnType<typeof openBareWebSocket>> | Awaited<ReturnType<typeof openUdp>>} Line */

/** With a library that conforms to RFC 6455. @param {number} port @param {readonly string[]} subprotocols */
export async function openWebSocket(port, subprotocols) {
  const socket = new WebSocket(`ws://${HOST}:${port}`, [...subprotocols]);
  const inbox = new Inbox();
  socket.on('error', () => {});
  socket.on('message', (/** @type {Buffer} */ data, isBinary) => inbox.add(isBinary ? data : data.toString()));
  await once(socket, 'open', { signal: AbortSignal.timeout(CONNECT_MS) });
  return {
    get isOpen() {
      return socket.readyState === WebSocket.OPEN;
    },
    send: (/** @type {Uint8Array} */ bytes) => socket.send(bytes),
    sendText: (/** @type {Uint8Array} */ bytes) => socket.send(Buffer.from(bytes).toString()),
    replies: () => inbox.take(),
    leave: (/** @type {boolean} */ isRude) => (isRude ? socket.terminate() : socket.close()),
  };
}

/** @param {number} port */
export async function openTcp(port) {
  const inbox = new Inbox();
  const socket = await openSocket(port);
  let held = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readUInt32BE()) {
      const end = 4 + held.readUInt32BE();
      inbox.add(held.subarray(4, end));
      held = held.subarray(end);
    }
  });
  return {
    ...bare(socket, inbox),
    send: (/** @type {Uint8Array} */ bytes, isSound = true) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      socket.write(isSound ? Buffer.concat([length, bytes]) : bytes);
    },
  };
}

/**
 * A WebSocket with a hand-made upgrade and frames, so that they can be malformed. Its answers are not read.
 *
 * @param {number} port
 * @param {(request: Uint8Array) => Uint8Array} spoil changes the upgrade request
 * @param {(frame: Uint8Array) => Uint8Array} spoilFrame changes the frames of RFC 6455
 */
export async function openBareWebSocket(port, spoil, spoilFrame) {
  const inbox = new Inbox();
  const socket = await openSocket(port);
  socket.on('data', () => {});
  const request = [
    ...['GET / HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''],
  ].join('\r\n');
  socket.write(spoil(Buffer.from(request)));
  const write = (/** @type {Uint8Array} */ bytes, /** @type {number} */ opcode, /** @type {boolean} */ isSound) => {
    const frame = masked(bytes, opcode);
    socket.write(isSound ? frame : spoilFrame(frame));
  };
  return {
    ...bare(socket, inbox),
    send: (/** @type {Uint8Array} */ bytes, isSound = true) => write(bytes, 0x82, isSound),
    sendText: (/** @type {Uint8Array} */ bytes) => write(bytes, 0x81, false),
  };
}

/** @param {number} port */
export async function openUdp(port) {
  const inbox = new Inbox();
  const socket = createSocket('udp4');
  let isOpen = true;
  socket.on('error', () => {});
  socket.on('message', (datagram) => inbox.add(datagram));
  socket.connect(port, HOST);
  await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
  return {
    get isOpen() {
      return isOpen;
    },
    send: (/** @type {Uint8Array} */ bytes) => {
      if (isOpen) socket.send(bytes.subarray(0, 60_000));
    },
    sendText: undefined,
    replies: () => inbox.take(),
    leave: () => {
      if (isOpen) socket.close();
      isOpen = false;
    },
  };
}

/** Received data, bounded: of a flood only the last part is kept. */
class Inbox {
  /** @type {(Uint8Array | string)[]} */
  #frames = [];

  /** @param {Uint8Array | string} frame */
  add(frame) {
    this.#frames.push(frame);
    if (this.#frames.length > 1_000) this.#frames.shift();
  }

  take() {
    return this.#frames.splice(0);
  }
}

/** @param {number} port */
async function openSocket(port) {
  const socket = connect({ host: HOST, port, noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
  return socket;
}

/** @param {import('node:net').Socket} socket @param {Inbox} inbox */
function bare(socket, inbox) {
  return {
    get isOpen() {
      return socket.writable;
    },
    sendText: undefined,
    replies: () => inbox.take(),
    leave: (/** @type {boolean} */ isRude) => {
      if (isRude) socket.resetAndDestroy();
      else socket.destroy();
    },
  };
}

/** Returns a final frame as clients send it. @param {Uint8Array} payload @param {number} first */
function masked(payload, first) {
  const { length } = payload;
  const header =
    length < 126
      ? Buffer.of(first, 0x80 | length)
      : length < 65_536
        ? Buffer.of(first, 0xfe, length >>> 8, length & 0xff)
        : Buffer.of(
            first,
            0xff,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >>> 16) & 0xff,
            (length >>> 8) & 0xff,
            length & 0xff,
          );
  const mask = Buffer.of(0x37, 0xfa, 0x21, 0x3d);
  return Buffer.concat([header, mask, Buffer.from(payload.map((byte, i) => byte ^ byteAt(mask, i & 3)))]);
}
