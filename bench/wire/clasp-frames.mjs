// @ts-check
// The frames of the load, encoded by hand, so that the load shares no code with the measured router.

const MAGIC = 0x53;
const BINARY = 0x01;
const FLOAT64 = 0x07;
const BYTES = 0x09;
const EVERY_FEATURE = 0xf8;

export const Type = {
  Hello: 0x01,
  Welcome: 0x02,
  Subscribe: 0x10,
  Publish: 0x20,
  Set: 0x21,
  Get: 0x22,
  Snapshot: 0x23,
  Bundle: 0x30,
  Sync: 0x40,
  Ping: 0x41,
  Pong: 0x42,
  Ack: 0x50,
  Error: 0x51,
};

export const Signal = { Event: 1, Stream: 2, Gesture: 3 };
export const Phase = { Start: 0, Move: 1, End: 2, Cancel: 3 };

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
function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** @param {number} value */
function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
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
 * @param {{ maxRate?: number }} [options] maximum messages per second and address
 */
export function subscribe(id, pattern, { maxRate } = {}) {
  const head = Buffer.alloc(5);
  head[0] = Type.Subscribe;
  head.writeUInt32BE(id, 1);
  const options = maxRate === undefined ? Buffer.from([0]) : Buffer.concat([Buffer.from([0x01]), u32(maxRate)]);
  return frame(Buffer.concat([head, str16(pattern), Buffer.from([0xff]), options]));
}

export function ping() {
  return frame(Buffer.from([Type.Ping]));
}

/** @param {string} address */
export function get(address) {
  return frame(Buffer.concat([Buffer.from([Type.Get]), str16(address)]));
}

/** @param {number} t1 microseconds */
export function sync(t1) {
  return frame(Buffer.concat([Buffer.from([Type.Sync, 0]), u64(t1)]));
}

/**
 * @param {string} address
 * @param {number} value
 * @param {number} qos
 * @param {number} [ttlSeconds]
 */
export function set(address, value, qos, ttlSeconds) {
  const flags = ttlSeconds === undefined ? FLOAT64 : FLOAT64 | 0x10;
  const ttl = ttlSeconds === undefined ? Buffer.alloc(0) : u32(ttlSeconds);
  return frame(Buffer.concat([Buffer.from([Type.Set, flags]), str16(address), float64(value), ttl]), qos);
}

/**
 * @param {string} address
 * @param {Uint8Array} value at most 65,000 bytes
 * @param {number} qos
 */
export function setBytes(address, value, qos) {
  return frame(Buffer.concat([Buffer.from([Type.Set, BYTES]), str16(address), u16(value.length), value]), qos);
}

/** Returns the offset of the value in such a SET, from the first byte of its frame. @param {string} address */
export function setValueOffset(address) {
  return 4 + 2 + 2 + Buffer.byteLength(address);
}

/**
 * An event, with the default QoS of events.
 *
 * @param {string} address
 * @param {number} value
 */
export function event(address, value) {
  return frame(publish(Signal.Event << 5, address, value), 1);
}

/**
 * @param {string} address
 * @param {number} value
 */
export function stream(address, value) {
  return frame(publish(Signal.Stream << 5, address, value));
}

/**
 * @param {string} address
 * @param {{ phase: number, id: number, value: number }} gesture
 */
export function gesture(address, { phase, id, value }) {
  return frame(Buffer.concat([publish((Signal.Gesture << 5) | 0x08 | phase, address, value), u32(id)]));
}

/**
 * @param {readonly { address: string, value: number }[]} events
 * @param {number} [atMicros] its time by the router's clock; at once if absent
 */
export function bundleOfEvents(events, atMicros) {
  const messages = events.map(({ address, value }) => publish(Signal.Event << 5, address, value));
  return frame(
    Buffer.concat([
      Buffer.from([Type.Bundle, atMicros === undefined ? 0 : 0x80]),
      u16(messages.length),
      atMicros === undefined ? Buffer.alloc(0) : u64(atMicros),
      ...messages.flatMap((message) => [u16(message.length), message]),
    ]),
  );
}

/**
 * @param {number} flags
 * @param {string} address
 * @param {number} value
 */
function publish(flags, address, value) {
  return Buffer.concat([Buffer.from([Type.Publish, flags]), str16(address), Buffer.from([1, FLOAT64]), float64(value)]);
}
