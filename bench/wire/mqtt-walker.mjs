// @ts-check
import { byteAt } from './byte-at.mjs';
import { Walker } from './walker.mjs';

/** The control packets of MQTT 3.1.1, section 2.2.1. */
export const Packet = {
  Connect: 1,
  Connack: 2,
  Publish: 3,
  Puback: 4,
  Subscribe: 8,
  Suback: 9,
  Pingreq: 12,
  Pingresp: 13,
};

/** The type, and the length of up to four bytes. */
const LONGEST_HEAD = 5;
const REFUSED = 0x80;

/** Counts MQTT packets by their type. */
export class MqttWalker extends Walker {
  constructor() {
    super(LONGEST_HEAD);
  }

  /** @override */
  get deliveries() {
    return this.countOf(Packet.Publish);
  }

  /** @override */
  get acks() {
    return this.countOf(Packet.Puback);
  }

  /** @override */
  get pongs() {
    return this.countOf(Packet.Pingresp);
  }

  /**
   * @override
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   */
  count(bytes, at, end) {
    let length = 0;
    let unit = 1;
    let body = at + 1;
    for (;;) {
      if (body >= end) return 0;
      const digit = byteAt(bytes, body++);
      length += (digit & 0x7f) * unit;
      if (digit < 0x80) break;
      unit *= 128;
    }
    const type = byteAt(bytes, at) >> 4;
    const total = body - at + length;
    this.increment(type);
    if (type === Packet.Publish) {
      this.delivered(bytes, at, total, body, end);
    } else if (type === Packet.Connack && body + 2 <= end && bytes[body + 1] !== 0) {
      this.lastError = `CONNACK ${bytes[body + 1]}`;
    } else if (type === Packet.Suback && bytes.subarray(body + 2, Math.min(end, at + total)).includes(REFUSED)) {
      this.lastError = 'SUBACK with a refusal';
    }
    return total;
  }
}
