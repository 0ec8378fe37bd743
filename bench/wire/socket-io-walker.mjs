// @ts-check
import { byteAt } from './byte-at.mjs';
import { Walker } from './walker.mjs';

/** A WebSocket header and `42["s`, the first letter of an event's name. */
const LONGEST_HEAD = 10 + 5;
const TEXT_MESSAGE = 0x81;
const [PING_PACKET, MESSAGE_PACKET, CONNECT, EVENT, ACK, REFUSED, S] = Buffer.from('240234s');

/** The kinds that the walker counts; the numbers are not from the protocol. */
export const Kind = { Foreign: 0, Connected: 1, Delivery: 2, Ack: 3, Pong: 4, Subscribed: 5 };

/** The id of an acknowledgement identifies what it acknowledges. */
export const AckId = { Set: 0, Ping: 1, Subscribe: 2 };
const kindOfAck = [Kind.Ack, Kind.Pong, Kind.Subscribed];

/** Counts the packets of socket.io (protocol 5 in engine.io 4) that arrive as WebSocket text messages. */
export class SocketIoWalker extends Walker {
  /** Called at each engine.io ping, which requires a pong. */
  onPing = () => {};

  constructor() {
    super(LONGEST_HEAD);
  }

  /** @override */
  get deliveries() {
    return this.countOf(Kind.Delivery);
  }

  /** @override */
  get acks() {
    return this.countOf(Kind.Ack);
  }

  /** @override */
  get pongs() {
    return this.countOf(Kind.Pong);
  }

  /**
   * @override
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   */
  count(bytes, at, end) {
    if (end - at < 2) return 0;
    let length = byteAt(bytes, at + 1);
    let header = 2;
    if (length === 126) {
      if (end - at < 4) return 0;
      length = bytes.readUInt16BE(at + 2);
      header = 4;
    } else if (length === 127) {
      if (end - at < 10) return 0;
      length = Number(bytes.readBigUInt64BE(at + 2));
      header = 10;
    }
    const start = at + header;
    if (start + Math.min(length, 5) > end) return 0;
    const total = header + length;
    const kind = bytes[at] === TEXT_MESSAGE ? this.#kind(bytes, start, length) : Kind.Foreign;
    this.increment(kind);
    if (kind === Kind.Delivery) this.delivered(bytes, at, total, start, end);
    return total;
  }

  /**
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} length
   */
  #kind(bytes, start, length) {
    if (bytes[start] === PING_PACKET && length === 1) this.onPing();
    if (bytes[start] !== MESSAGE_PACKET || length < 2) return Kind.Foreign;
    switch (bytes[start + 1]) {
      case CONNECT:
        return Kind.Connected;
      case EVENT:
        return bytes[start + 4] === S ? Kind.Delivery : Kind.Foreign;
      case ACK:
        return kindOfAck[byteAt(bytes, start + 2) - 0x30] ?? Kind.Foreign;
      case REFUSED:
        this.lastError = 'a refusal';
        return Kind.Foreign;
      default:
        return Kind.Foreign;
    }
  }
}
