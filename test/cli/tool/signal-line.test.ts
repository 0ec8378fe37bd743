import { describe, expect, it } from '@jest/globals';
import { signalJson, signalLine } from '../../../src/cli/tool/signal-line.js';
import type { Signal } from '../../../src/client/node.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';

/** Lines have local time. */
const AT_MS = new Date(2027, 0, 15, 8, 5, 9, 42).getTime();
const ISO = new Date(AT_MS).toISOString();

const timeline = {
  keyframes: [
    { time: 0, value: encodeValue(0) },
    { time: 5, value: encodeValue(1n) },
  ],
};

describe('signalLine and signalJson', () => {
  it.each<[Signal, string, object]>([
    [
      {
        kind: 'param',
        address: '/lights/3/dim',
        value: 1,
        revision: 7,
        fromSnapshot: true,
        writer: 'me',
        timestamp: 5,
      },
      '08:05:09.042  /lights/3/dim             param     1.0  revision 7  held',
      { address: '/lights/3/dim', type: 'param', value: 1, revision: 7, held: true, writer: 'me', timestamp: 5 },
    ],
    [
      { kind: 'param', address: '/a', value: null, revision: 2n ** 60n, fromSnapshot: false, lock: true },
      '08:05:09.042  /a                        param     null  revision 1152921504606846976  locked',
      { address: '/a', type: 'param', value: null, revision: 2 ** 60, lock: true },
    ],
    [
      { kind: 'param', address: '/a', value: 'x', revision: 1, fromSnapshot: false, unlock: true },
      '08:05:09.042  /a                        param     "x"  revision 1  unlocked',
      { address: '/a', type: 'param', value: 'x', revision: 1, unlock: true },
    ],
    [
      { kind: 'event', address: '/cue/go', timestamp: 9 },
      '08:05:09.042  /cue/go                   event',
      { address: '/cue/go', type: 'event', timestamp: 9 },
    ],
    [
      { kind: 'event', address: '/an/address/longer/than/the/column', value: 3n },
      '08:05:09.042  /an/address/longer/than/the/column  event     3',
      { address: '/an/address/longer/than/the/column', type: 'event', value: 3 },
    ],
    [
      { kind: 'stream', address: '/mic', samples: [0.5, 1], rate: 48_000 },
      '08:05:09.042  /mic                      stream    [0.5,1.0]  48000 samples/s',
      { address: '/mic', type: 'stream', samples: [0.5, 1], rate: 48_000 },
    ],
    [
      { kind: 'stream', address: '/mic', value: 0.5 },
      '08:05:09.042  /mic                      stream    0.5',
      { address: '/mic', type: 'stream', value: 0.5 },
    ],
    [
      { kind: 'gesture', address: '/pad', id: 2, phase: 'move', value: 0.5 },
      '08:05:09.042  /pad                      gesture   0.5  move #2',
      { address: '/pad', type: 'gesture', value: 0.5, phase: 'move', id: 2 },
    ],
    [
      { kind: 'timeline', address: '/fade', timeline },
      '08:05:09.042  /fade                     timeline  {"keyframes":[{"time":0,"value":0.0},{"time":5,"value":1}]}',
      {
        address: '/fade',
        type: 'timeline',
        timeline: {
          keyframes: [
            { time: 0, value: 0 },
            { time: 5, value: 1 },
          ],
        },
      },
    ],
    [
      { kind: 'timeline', address: '/fade', value: 'none' },
      '08:05:09.042  /fade                     timeline  "none"',
      { address: '/fade', type: 'timeline', value: 'none' },
    ],
  ])('show %p', (signal, line, json) => {
    expect(signalLine(signal, AT_MS)).toBe(line);
    expect(JSON.parse(signalJson(signal, AT_MS))).toEqual({ time: ISO, ...json });
  });
});
