// @ts-check

/**
 * @typedef {object} DirectCase frames of one publisher through the WebSocket reader and the core, without sockets
 * @property {'set' | 'event'} kind
 * @property {number} addresses written in turn
 * @property {boolean} [isShuffled] whether the turn is a random permutation. By default it is the order of creation
 * @property {number | 'array'} value bytes of the value: 8 is an f64, others are byte strings; or an array of three f64
 * @property {number} qos 1 requests an ACK
 * @property {'core' | 'reader'} [part] `reader` only reads the frames. By default the core handles them too
 */

/** @type {Readonly<Record<string, DirectCase>>} */
export const directCases = {
  'set-100': { kind: 'set', addresses: 100, value: 8, qos: 1 },
  'set-1k': { kind: 'set', addresses: 1_000, value: 8, qos: 1 },
  'set-1k-qos-0': { kind: 'set', addresses: 1_000, value: 8, qos: 0 },
  'set-70k': { kind: 'set', addresses: 70_000, value: 8, qos: 1 },
  'set-1m': { kind: 'set', addresses: 1_000_000, value: 8, qos: 1 },
  'set-1m-shuffled': { kind: 'set', addresses: 1_000_000, isShuffled: true, value: 8, qos: 1 },
  'set-256-bytes': { kind: 'set', addresses: 100, value: 256, qos: 1 },
  'set-array': { kind: 'set', addresses: 100, value: 'array', qos: 1 },
  event: { kind: 'event', addresses: 100, value: 8, qos: 1 },
  'reader-8': { kind: 'set', addresses: 100, value: 8, qos: 1, part: 'reader' },
  'reader-256': { kind: 'set', addresses: 100, value: 256, qos: 1, part: 'reader' },
};
