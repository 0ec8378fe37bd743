import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createRouter, type Router, webSocket } from '../../src/index.js';
import { decodeJson } from '../../src/protocol/encodings/json.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { plain } from '../support/core-harness.js';
import { until } from '../support/official-client.js';
import { maskedMessage, RawSocket } from '../support/raw-socket.js';
import { WebSocketClient } from '../support/websocket-client.js';

let router: Router;
let url: string;
let port: number;

beforeEach(async () => {
  router = createRouter({ maxSessions: 3, drainTimeoutSeconds: 1 });
  const [address] = await router.listen(webSocket({ port: 0, host: '127.0.0.1' }));
  ({ url, port } = address!);
});

afterEach(async () => {
  await router.stop();
});

const hello: Message = { type: 'hello', version: 1, name: 'raw', features: ['param'] };
const set = (address: string, value: number): Message => ({ type: 'set', address, value: encodeValue(value) });

/** Returns the messages in the frames that a `ws` client has received. */
const messages = (client: WebSocketClient): Message[] =>
  client.frames.map((frame) => (typeof frame === 'string' ? decodeJson(frame) : decodeFrame(frame)).message);

async function join(): Promise<WebSocketClient> {
  const client = await WebSocketClient.connect(url);
  client.socket.send(encodeFrame(hello));
  await until(() => client.frames.length === 2);
  client.frames.length = 0;
  return client;
}

describe('before HELLO', () => {
  it.each([
    ['garbage', Buffer.from('not a frame'), 101, 1002],
    ['a SET', Buffer.from(encodeFrame(set('/a', 1))), 101, 1002],
    ['a truncated frame', Buffer.from('534100ff21', 'hex'), 101, 1002],
  ])('%s causes ERROR and a close', async (_, bytes, code, close) => {
    const client = await WebSocketClient.connect(url);
    client.socket.send(bytes);
    expect((await client.ended).code).toBe(close);
    expect(messages(client)).toMatchObject([{ type: 'error', code }]);
    await until(() => router.sessionCount === 0);
  });
});

describe('a person who types', () => {
  it('gets answers in JSON from the first message on, valid or not', async () => {
    const client = await WebSocketClient.connect(url, { protocols: [] });
    client.socket.send('hello?');
    expect((await client.ended).code).toBe(1002);
    expect(client.frames).toEqual([
      expect.stringMatching(/^\{"type":"error","code":101,"message":"The first frame is no HELLO/),
    ]);
  });
});

describe('after HELLO', () => {
  it('invalid bytes cause one ERROR and change nothing', async () => {
    const client = await join();
    for (let i = 0; i < 10; i++) client.socket.send(Buffer.from('garbage'));
    client.socket.send(encodeFrame(set('/a', 1)));
    await until(() => client.frames.length >= 2);
    expect(messages(client)).toMatchObject([
      { type: 'error', code: 100 },
      { type: 'ack', address: '/a', revision: 1 },
    ]);
    client.socket.close();
  });

  it('a second HELLO causes ERROR 101, and the session continues', async () => {
    const client = await join();
    client.socket.send(encodeFrame(hello));
    client.socket.send(encodeFrame({ type: 'ping' }));
    await until(() => client.frames.length === 2);
    expect(plain(messages(client))).toEqual([
      { type: 'error', code: 101, message: 'Duplicate HELLO' },
      { type: 'pong' },
    ]);
    expect(router.sessionCount).toBe(1);
    client.socket.close();
  });

  it('a hundred undecodable frames per minute are tolerated, one more ends the session', async () => {
    const client = await join();
    for (let i = 0; i < 101; i++) client.socket.send(Buffer.from('garbage'));
    expect((await client.ended).code).toBe(1002);
  });
});

describe('TCP segments', () => {
  it('carry the same messages, whether split at every byte or merged into one', async () => {
    const reader = await join();
    reader.socket.send(encodeFrame({ type: 'subscribe', id: 1, pattern: '/**' }));
    reader.socket.send(encodeFrame({ type: 'ping' }));
    await until(() => reader.frames.length === 1);
    const raw = await RawSocket.upgrade(port);
    const bytes = Buffer.concat(
      [hello, set('/split', 1), set('/split', 2)].map((message) => maskedMessage(encodeFrame(message))),
    );
    for (const byte of bytes) {
      raw.write(Buffer.of(byte));
      await new Promise(setImmediate); // one packet each, with NODELAY
    }
    raw.write(Buffer.concat([3, 4, 5].map((value) => maskedMessage(encodeFrame(set('/merged', value))))));
    await until(() => reader.frames.length === 6);
    expect(plain(messages(reader).slice(1))).toEqual([
      { type: 'set', address: '/split', value: 1, revision: 1 },
      { type: 'set', address: '/split', value: 2, revision: 2 },
      ...[3, 4, 5].map((value, i) => ({ type: 'set', address: '/merged', value, revision: i + 1 })),
    ]);
    raw.destroy();
    reader.socket.close();
  });

  it('of a peer that disconnects in the middle of a message affect no other session', async () => {
    const bystander = await join();
    const raw = await RawSocket.upgrade(port);
    raw.write(maskedMessage(encodeFrame(hello)));
    await until(() => router.sessionCount === 2);
    raw.write(maskedMessage(encodeFrame(set('/cut', 1))).subarray(0, 9));
    raw.destroy();
    await until(() => router.sessionCount === 1);
    bystander.socket.send(encodeFrame({ type: 'ping' }));
    await until(() => bystander.frames.length === 1);
    bystander.socket.close();
  });
});

describe('concurrent sessions', () => {
  it('above the limit get ERROR 503 and the close code 1013, and are accepted when another has ended', async () => {
    const inside = await Promise.all([join(), join(), join()]);
    const outside = await WebSocketClient.connect(url);
    expect((await outside.ended).code).toBe(1013);
    expect(messages(outside)).toMatchObject([{ type: 'error', code: 503 }]);
    inside[0].socket.close();
    await until(() => router.sessionCount === 2);
    const next = await join();
    for (const client of [...inside, next]) client.socket.close();
  });
});

describe('other encodings', () => {
  it("a JSON peer and a CBOR peer receive a binary peer's messages, each in its own encoding", async () => {
    const [binary, json, cbor] = [
      await join(),
      await WebSocketClient.connect(url, { protocols: [] }),
      await WebSocketClient.connect(url, { protocols: ['clasp.cbor'] }),
    ];
    json.socket.send('{"type":"hello","version":1,"name":"person","features":[]}');
    json.socket.send('{"type":"subscribe","id":1,"pattern":"/**"}');
    cbor.socket.send(encodeFrame(hello, { encoding: 'cbor' }));
    cbor.socket.send(encodeFrame({ type: 'subscribe', id: 1, pattern: '/**' }, { encoding: 'cbor' }));
    await until(() => json.frames.length === 2 && cbor.frames.length === 2);
    json.socket.send('{"type":"ping"}');
    cbor.socket.send(encodeFrame({ type: 'ping' }, { encoding: 'cbor' }));
    await until(() => json.frames.length === 3 && cbor.frames.length === 3);
    binary.socket.send(encodeFrame({ type: 'set', address: '/x', value: encodeValue(new Map([['n', 5n]])) }));
    await until(() => json.frames.length === 4 && cbor.frames.length === 4);
    expect(json.frames.at(-1)).toBe('{"type":"set","address":"/x","value":{"n":{"$int":"5"}},"revision":1}');
    const frame = decodeFrame(cbor.frames.at(-1) as Uint8Array);
    expect(frame.encoding).toBe('cbor');
    expect(plain([frame.message])).toEqual([{ type: 'set', address: '/x', value: new Map([['n', 5n]]), revision: 1 }]);
    json.socket.send('{"type":"set","address":"/y","value":0.5}');
    await until(() => messages(json).some(({ type }) => type === 'ack'));
    for (const client of [binary, json, cbor]) client.socket.close();
  });

  it('a JSON peer’s 1e999 causes ERROR 101 and is not stored, and its 64-bit integers reach a binary peer exactly', async () => {
    const [binary, json] = [await join(), await WebSocketClient.connect(url, { protocols: [] })];
    json.socket.send('{"type":"hello","version":1,"name":"person","features":[]}');
    await until(() => json.frames.length === 2);
    json.frames.length = 0;
    json.socket.send('{"type":"set","address":"/infinite","value":1e999}');
    json.socket.send('{"type":"set","address":"/id","value":9007199254740993}');
    json.socket.send('{"type":"get","address":"/infinite"}');
    json.socket.send('{"type":"get","address":"/id"}');
    await until(() => json.frames.length === 4);
    expect(messages(json)).toMatchObject([
      { type: 'error', code: 101, message: 'the number 1e999 is beyond the range of a Float' },
      { type: 'ack', address: '/id', revision: 1 },
      { type: 'error', code: 201, address: '/infinite' },
      { type: 'snapshot', params: [{ address: '/id' }] },
    ]);
    expect(json.frames.at(-1)).toContain('"value":{"$int":"9007199254740993"}');
    binary.socket.send(encodeFrame({ type: 'get', address: '/id' }));
    await until(() => binary.frames.length === 1);
    expect(plain(messages(binary))).toMatchObject([{ params: [{ address: '/id', value: 9_007_199_254_740_993n }] }]);
    for (const client of [binary, json]) client.socket.close();
  });

  it('a legacy MessagePack HELLO is answered in binary', async () => {
    const client = await WebSocketClient.connect(url);
    const payload = Buffer.concat([
      Buffer.of(0x83),
      ...['type', 'HELLO', 'name', 'old', 'version'].map((text) =>
        Buffer.concat([Buffer.of(0xa0 + text.length), Buffer.from(text)]),
      ),
      Buffer.of(2),
    ]);
    client.socket.send(Buffer.concat([Buffer.of(0x53, 0, 0, payload.length), payload]));
    await until(() => client.frames.length === 2);
    expect((client.frames[0] as Uint8Array)[4]).toBe(0x02);
    client.socket.close();
  });
});
