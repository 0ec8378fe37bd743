// @ts-check
// The frames the load is made of, written by hand so that the load shares no code with what it measures.

const MAGIC = 0x53;
const BINARY = 0x01;
const FLOAT64 = 0x07;
const EVERY_FEATURE = 0xf8;

export const Type = {
  Hello: 0x01,
  Welcome: 0x02,
  Subscribe: 0x10,
  Publish: 0x20,
  Set: 0x21,
  Snapshot: 0x23,
  Ping: 0x41,
  Pong: 0x42,
  Ack: 0x50,
  Error: 0x51,
};

/**
 * @param {Uint8Array} payload
 * @param {number} qos
 */
export function frame(payload, qos = 0) {
  const head = Buffer.from([MAGIC, (qos << 6) | BINARY, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** @param {string} text */
function str16(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([u16(bytes.length), bytes]);
}

/** @param {number} value */
function u16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** @param {number} value */
function float64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

/** @param {string} name */
export function hello(name) {
  return frame(Buffer.concat([Buffer.from([Type.Hello, 1, EVERY_FEATURE]), str16(name), str16('')]));
}

/**
 * @param {number} id
 * @param {string} pattern
 */
export function subscribe(id, pattern) {
  const head = Buffer.alloc(5);
  head[0] = Type.Subscribe;
  head.writeUInt32BE(id, 1);
  return frame(Buffer.concat([head, str16(pattern), Buffer.from([0xff, 0])]));
}

export function ping() {
  return frame(Buffer.from([Type.Ping]));
}

/**
 * @param {string} address
 * @param {number} value
 * @param {number} qos
 */
export function set(address, value, qos) {
  return frame(Buffer.concat([Buffer.from([Type.Set, FLOAT64]), str16(address), float64(value)]), qos);
}

/** Where the value of such a SET begins, counted from the first byte of its frame. @param {string} address */
export function setValueOffset(address) {
  return 4 + 2 + 2 + Buffer.byteLength(address);
}

/**
 * An event, at the QoS clients give events.
 *
 * @param {string} address
 * @param {number} value
 */
export function event(address, value) {
  return frame(
    Buffer.concat([Buffer.from([Type.Publish, 1 << 5]), str16(address), Buffer.from([1, FLOAT64]), float64(value)]),
    1,
  );
}
