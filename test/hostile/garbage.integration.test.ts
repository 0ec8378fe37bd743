import { expect } from '@jest/globals';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import { HEADER_BYTES, TIMESTAMPED_HEADER_BYTES } from '../../src/protocol/header.js';
import { MAX_SEGMENTS } from '../../src/protocol/limits.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { DecodeError } from '../../src/protocol/errors.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import type { Value } from '../../src/protocol/values/value.js';
import { fromHex } from '../support/hex.js';
import { framed } from '../support/mutate.mjs';
import { readVectors } from '../support/vectors.js';
import { answered, type Attacker, errorsTo, hello, say, webSocketAttacker } from './support/attacker.js';
import { type Attack, describeAttacks } from './support/attacks.js';
import { eventually } from './support/eventually.js';
import type { TransportName } from './support/stage.js';

const vectors = readVectors('malformed.json').map(({ name, hex }) => ({ name, bytes: fromHex(hex) }));

/** Returns the error code of bytes that are not a message. */
function codeOf(bytes: Uint8Array): number {
  try {
    decodeFrame(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return error.code;
  }
  throw new Error('a malformed vector is valid');
}

/** Returns whether a stream transport cannot continue after these bytes, or waits for more of them. */
function breaksFraming(transport: TransportName, bytes: Uint8Array): boolean {
  switch (transport) {
    case 'websocket':
    case 'udp':
      return false;
    case 'tcp':
    case 'pipe':
      return bytes.length < HEADER_BYTES; // no frame is shorter
    case 'quic': {
      if (bytes.length < HEADER_BYTES || bytes[0] !== 0x53) return true;
      const header = (bytes[1]! & 0x20) === 0 ? HEADER_BYTES : TIMESTAMPED_HEADER_BYTES;
      return bytes.length !== header + bytes[2]! * 256 + bytes[3]!;
    }
  }
}

/** Keys that change the behavior of plain objects. */
const TREACHEROUS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'];
const treacherousMap: Value = new Map(
  TREACHEROUS.map((key) => [key, new Map([['polluted', new Map([[key, true]])]])] as const),
);

/** Properties of the built-in prototypes, for a later comparison. */
function ownNames(): readonly string[] {
  return [Object.prototype, Object, Array.prototype, Map.prototype, Function.prototype].flatMap((object) =>
    Object.getOwnPropertyNames(object),
  );
}

/** A deeply nested array in the binary encoding: SET of `/deep`. */
function nestedArrays(levels: number): Uint8Array {
  const address = Buffer.from('/deep');
  const payload = Buffer.alloc(4 + address.length + 3 * levels);
  payload.set([0x21, 0x0a, 0, address.length, ...address]); // a SET whose value is an array
  for (let i = 0, at = 4 + address.length; i < levels; i++, at += 3) {
    payload.set(i === levels - 1 ? [0, 0] : [0, 1, 0x0a], at);
  }
  return framed(payload.subarray(0, 4 + address.length + 3 * levels - 1));
}

async function refusedWith(attacker: Attacker, frame: Uint8Array, error: object): Promise<void> {
  const before = errorsTo(attacker).length;
  attacker.send([frame]);
  await answered(attacker);
  expect(errorsTo(attacker).slice(before)).toMatchObject([error]);
}

const attacks: readonly Attack[] = [
  {
    name: 'every malformed vector in place of HELLO',
    async run(stage, transport) {
      for (const { name, bytes } of vectors) {
        const attacker = await stage.connect(transport);
        attacker.send([bytes]);
        if (transport === 'udp') {
          // A frame that is not HELLO gets no answer.
          attacker.send([encodeFrame(hello)]);
          await eventually(() => attacker.messages.length > 0, `WELCOME after ${name}`);
          expect([name, attacker.messages[0]!.type]).toEqual([name, 'welcome']);
        } else if (breaksFraming(transport, bytes)) {
          // There is no frame to answer: the stream is broken, or the router waits for more bytes.
          attacker.leave();
          await eventually(() => attacker.isOver, `the close after the incomplete ${name}`);
          expect(attacker.messages).toEqual([]);
        } else {
          await eventually(() => attacker.isOver, `the close after ${name}`);
          const text = expect.stringMatching(/^The first frame is no HELLO: ./);
          expect([name, ...attacker.messages]).toMatchObject([name, { type: 'error', code: 101, message: text }]);
        }
        if (transport === 'udp') stage.doorClock.increment(33_000); // or the address reaches its limit
      }
      await stage.bystanders.exchange();
    },
  },
  {
    name: 'every malformed vector after HELLO',
    async run(stage, transport) {
      let attacker = await stage.join(transport);
      for (const [i, { name, bytes }] of vectors.entries()) {
        const before = errorsTo(attacker).length;
        attacker.send([bytes]);
        if (breaksFraming(transport, bytes)) {
          attacker.vanish(); // the end of this stream, or a wait for the rest
          attacker = await stage.join(transport);
        } else if (transport === 'udp' && bytes.length === 0) {
          await answered(attacker); // the session is alive
        } else {
          await answered(attacker);
          expect([name, ...errorsTo(attacker).slice(before)]).toMatchObject([name, { code: codeOf(bytes) }]);
        }
        await stage.pass(1_000); // at most one ERROR per second
        if (i % 10 === 0) await stage.bystanders.exchange();
      }
      expect(attacker.isOver).toBe(false);
    },
  },
  {
    name: 'a flood of frames that cannot be decoded',
    options: { maxMalformedPerMinute: 30 },
    over: ['websocket', 'tcp', 'pipe', 'quic'],
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      attacker.send(Array.from({ length: 31 }, () => framed(Uint8Array.of(0xff))));
      await eventually(() => attacker.isOver, 'the end of the attacker');
      expect(errorsTo(attacker)).toMatchObject([
        { code: 101 },
        { code: 101, message: 'More than 30 frames in a minute could not be read' },
      ]);
      await stage.bystanders.exchange();
    },
  },
  {
    name: 'a flood of frames that cannot be decoded, over UDP',
    options: { maxMalformedPerMinute: 30 },
    over: ['udp'],
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      attacker.send(Array.from({ length: 31 }, () => framed(Uint8Array.of(0xff))));
      await eventually(() => stage.router.sessionCount === 2, 'the end of the session');
      await eventually(() => errorsTo(attacker).length === 2, 'the close');
      await stage.bystanders.exchange();
    },
  },
  {
    name: 'names of object prototype members',
    async run(stage, transport) {
      const names = ownNames();
      const attacker = await stage.connect(transport);
      say(attacker, { type: 'hello', version: 1, name: '__proto__', features: [] });
      await eventually(() => attacker.messages.length >= 2, 'WELCOME');
      for (const encoding of ['binary', 'cbor'] as const) {
        const value = encodeValue(treacherousMap);
        const addresses = TREACHEROUS.flatMap((key) => [`/${key}`, `/${key}/${key}`, `/a/${key}/${encoding}`]);
        const all: readonly Message[] = [
          ...addresses.map((address): Message => ({ type: 'set', address, value })),
          { type: 'subscribe', id: 1, pattern: '/__proto__/**' },
          { type: 'unsubscribe', id: 1 },
          { type: 'query', pattern: '/constructor' },
          ...addresses.map((address): Message => ({ type: 'get', address })),
        ];
        for (const message of all) attacker.send([encodeFrame(message, { encoding })]);
        await answered(attacker);
      }
      expect(errorsTo(attacker)).toEqual([]);
      const got = attacker.messages.filter(
        (message): message is Extract<Message, { type: 'snapshot' }> => message.type === 'snapshot',
      );
      const entries = new Map(got.flatMap(({ params }) => params.map((param) => [param.address, param] as const)));
      for (const key of TREACHEROUS) expect(entries.get(`/${key}/${key}`)?.value.decode()).toEqual(treacherousMap);
      expect(ownNames()).toEqual(names);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined(); // any object, with a property that none has
      await stage.bystanders.exchange();
    },
    leaves: ({ params }) => {
      expect(params).toBe(1 + TREACHEROUS.length * 4);
    },
  },
  {
    name: 'names of object prototype members, in JSON',
    over: ['websocket'],
    async run(stage) {
      const names = ownNames();
      const attacker = await webSocketAttacker(stage.urls.get('websocket')!);
      const write = (text: string): void => {
        attacker.client.send(text);
      };
      write('{"type":"hello","version":1,"name":"constructor","features":[],"__proto__":{"polluted":true}}');
      write(
        '{"type":"set","address":"/__proto__","value":{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}}',
      );
      write('{"type":"get","address":"/__proto__"}');
      write('{"type":"__proto__"}');
      await stage.pass(1_000);
      write('{"__proto__":{"type":"ping"}}');
      write('{"type":"ping"}');
      await eventually(() => attacker.messages.some(({ type }) => type === 'pong'), 'a PONG');
      const snapshot = attacker.client.frames.find(
        (text) => String(text).includes('"address":"/__proto__"') && String(text).includes('params'),
      );
      // A key that objects would lose is sent as a pair.
      expect(JSON.parse(String(snapshot))).toMatchObject({
        params: [
          {
            value: {
              $map: [
                ['__proto__', { polluted: true }],
                ['constructor', { prototype: {} }],
              ],
            },
          },
        ],
      });
      expect(errorsTo(attacker)[0]).toMatchObject({ code: 101 });
      expect(ownNames()).toEqual(names);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined(); // any object, with a property that none has
      attacker.leave();
    },
    leaves: ({ params }) => {
      expect(params).toBe(2);
    },
  },
  {
    name: 'deeply nested values and bundles',
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      attacker.send([nestedArrays(64)]);
      await answered(attacker);
      expect(errorsTo(attacker)).toEqual([]);
      const refusal = { code: 101, message: expect.stringMatching(/64/) };
      for (const levels of [65, 400]) {
        await refusedWith(attacker, nestedArrays(levels), refusal);
        await stage.pass(1_000);
      }
      if (transport !== 'udp') await refusedWith(attacker, nestedArrays(21_800), refusal); // 64 KB
      await stage.pass(1_000);
      const cbor = Buffer.concat([
        Buffer.from('a3647479706563736574676164647265737362', 'hex'), // {"type": "set", "address": "/a", "value": [[[...
        Buffer.from('/a'),
        Buffer.from('6576616c7565', 'hex'),
        Buffer.alloc(1_000, 0x81),
        Buffer.of(0xf6),
      ]);
      await refusedWith(attacker, framed(cbor, 0x02), { code: 101 });
      await stage.pass(1_000);
      let bundle: Message = { type: 'set', address: '/a', value: encodeValue(1) };
      for (let i = 0; i < 8; i++) bundle = { type: 'bundle', messages: [bundle] };
      // At the maximum depth of a frame: it is decoded, and refused for its content.
      await refusedWith(attacker, encodeFrame(bundle), { code: 101, message: expect.stringMatching(/not bundle$/) });
      await stage.bystanders.exchange();
    },
    leaves: ({ params }) => {
      expect(params).toBe(2);
    },
  },
  {
    name: 'deeply nested JSON',
    over: ['websocket'],
    async run(stage) {
      const attacker = await webSocketAttacker(stage.urls.get('websocket')!);
      attacker.client.send('{"type":"hello","version":1,"name":"x","features":[]}');
      const value = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
      attacker.client.send(`{"type":"set","address":"/a","value":${value}}`);
      attacker.client.send('{"type":"ping"}');
      await eventually(() => attacker.messages.some(({ type }) => type === 'pong'), 'a PONG');
      expect(errorsTo(attacker)).toMatchObject([{ code: 101 }]);
      attacker.leave();
    },
  },
  {
    name: 'HELLO with a name of 64 KB',
    over: ['websocket', 'tcp', 'pipe', 'quic'],
    async run(stage, transport) {
      const attacker = await stage.connect(transport);
      say(attacker, { type: 'hello', version: 1, name: 'n'.repeat(65_000), token: 't'.repeat(500), features: [] });
      await eventually(() => attacker.isOver, 'the end of the connection');
      expect(errorsTo(attacker)).toMatchObject([
        { code: 101, message: 'The name in HELLO has 65000 bytes; the limit is 255' },
      ]);
      expect(attacker.receivedBytes).toBeLessThan(1_000);
      await stage.bystanders.exchange();
    },
  },
  {
    name: 'HELLO with a token of 64 KB',
    over: ['websocket', 'tcp', 'pipe', 'quic'],
    async run(stage, transport) {
      const attacker = await stage.connect(transport);
      say(attacker, { type: 'hello', version: 1, name: 'n', token: 't'.repeat(65_000), features: [] });
      await eventually(() => attacker.messages.length >= 2, 'WELCOME');
      await answered(attacker);
      expect(attacker.receivedBytes).toBeLessThan(1_000);
      await stage.bystanders.exchange();
    },
  },
  {
    name: 'patterns of consecutive wildcards',
    options: { maxGlobstars: 4 },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      say(attacker, { type: 'subscribe', id: 1, pattern: '/**/a'.repeat(5) });
      await answered(attacker);
      expect(errorsTo(attacker)).toMatchObject([
        { code: 202, message: 'invalid pattern: it has 5 "**"; the limit is 4' },
      ]);
      const tooLong = '/*'.repeat(MAX_SEGMENTS + 1);
      say(attacker, { type: 'subscribe', id: 1, pattern: tooLong });
      await answered(attacker);
      expect(errorsTo(attacker).at(-1)).toMatchObject({
        code: 202,
        message: 'invalid pattern: it has 129 segments; the limit is 128',
        address: tooLong,
      });
    },
  },
  {
    name: 'patterns that match an address in many ways',
    options: { maxGlobstars: 0, maxMatchSteps: 0 },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      // A naive matcher would take more steps for each of these than the universe is old in nanoseconds.
      const patterns = ['/**/a', '/**/*', '/**', '/**/**/a', '/**/*a*'].map((part) => {
        const parts = Math.floor((MAX_SEGMENTS - 1) / (part.split('/').length - 1));
        return `${part.repeat(parts)}/b`;
      });
      for (const [id, pattern] of patterns.entries()) {
        say(attacker, { type: 'subscribe', id, pattern });
        say(attacker, { type: 'query', pattern });
      }
      for (const last of ['/c', '/b']) {
        const address = `${'/a'.repeat(MAX_SEGMENTS - 1)}${last}`;
        say(attacker, { type: 'set', address, value: encodeValue(1) });
        await stage.bystanders.exchange();
      }
      say(attacker, { type: 'subscribe', id: 99, pattern: patterns[0]! }); // the index now contains a pattern
      await answered(attacker);
      expect(errorsTo(attacker)).toEqual([]);
      const heard = attacker.messages.filter(({ type }) => type === 'set');
      expect(heard).toMatchObject([{ address: expect.stringMatching(/b$/) }]); // once, although all five match
    },
    leaves: ({ params }) => {
      expect(params).toBe(3);
    },
  },
];

describeAttacks(attacks);
