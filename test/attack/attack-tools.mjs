// @ts-check
// Building blocks of attacks.
import { encodeValue } from 'clasp-router/protocol';
import { elementAt } from '../../bench/element-at.mjs';
import { encoded, Peer } from './peer.mjs';

/** @typedef {import('clasp-router/protocol').Message} Message */
/**
 * @typedef {object} Tokens
 * @property {string} guest scopes `read:/guest/**,write:/guest/**`
 * @property {string} limited the same, with five writes per second
 * @property {string} admin all scopes
 */
/**
 * @typedef {object} WebAccess where the router is reached by HTTP
 * @property {number} http its port
 * @property {string | undefined} inspector the link of its inspector page, with `--inspect`
 */
/** @typedef {() => Promise<object | void> | object | void} End ends an attack, and returns its outcome */
/**
 * @typedef {object} Attack
 * @property {string} name
 * @property {string} about
 * @property {readonly string[]} [flags] of the router
 * @property {boolean} [isGuest] the router requires tokens, and the attacker has that of a guest
 * @property {() => { flags: readonly string[], remove: () => void }} [prepare] creates what the router's flags name
 * @property {(port: number, tokens?: Tokens, web?: WebAccess) => Promise<End>} run starts it, at a TCP port
 */

export const one = encodeValue(1);

/** @param {Peer} peer @param {number} count @param {(i: number) => string} address */
export async function fill(peer, count, address, value = one) {
  for (let at = 0; at < count; at += 500) {
    const messages = Array.from({ length: Math.min(500, count - at) }, (_, i) => ({
      type: /** @type {const} */ ('set'),
      address: address(at + i),
      value,
    }));
    peer.write(encoded(messages));
    await peer.settled();
  }
}

/**
 * Sends a message repeatedly, as fast as the router reads. @param {(i: number) => Message} make @param {number} [lot]
 */
export function flood(make, lot = 2_000) {
  return async (/** @type {number} */ port, /** @type {Tokens | undefined} */ tokens) => {
    const peer = await Peer.join(port, { token: tokens?.guest });
    peer.ignoreAnswers();
    const stop = peer.flood(encoded(Array.from({ length: lot }, (_, i) => make(i))));
    return () => {
      stop();
      peer.leave();
    };
  };
}

/** Sends messages with always new addresses. @param {(i: number) => Message} make */
export function floodOfNew(make) {
  return async (/** @type {number} */ port, /** @type {Tokens | undefined} */ tokens) => {
    const peer = await Peer.join(port, { token: tokens?.guest });
    peer.ignoreAnswers();
    let next = 0;
    const lots = Array.from({ length: 100 }, () => encoded(Array.from({ length: 500 }, () => make(next++))));
    let isOn = true;
    void (async () => {
      for (let i = 0; isOn && peer.lost === undefined; i++) {
        peer.write(elementAt(lots, i % lots.length));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    return () => {
      isOn = false;
      peer.leave();
    };
  };
}

/** Runs a step periodically. @param {() => void} step @param {number} everyMs */
export function every(step, everyMs) {
  const timer = setInterval(step, everyMs);
  return () => clearInterval(timer);
}

/**
 * Opens a number of sessions. @param {number} port @param {number} count @param {{ token?: string | undefined }}
 * [options]
 */
export async function joinMany(port, count, options = {}) {
  const peers = [];
  for (let at = 0; at < count; at += 50) {
    const some = Array.from({ length: Math.min(50, count - at) }, () => Peer.join(port, options));
    peers.push(...(await Promise.all(some)));
  }
  return peers;
}

/** @param {readonly Peer[]} peers */
export function leaveAll(peers) {
  for (const peer of peers) peer.leave();
}
