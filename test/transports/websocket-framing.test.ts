import { describe, expect, it } from '@jest/globals';
import { ConnectionLost } from '../../src/transports/transport.js';
import { frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { maskedMessage, RawSocket } from '../support/raw-socket.js';
import { open, connected, connectedRaw, ended } from './websocket-harness.js';
import { portOf } from '../support/open-listener.js';

describe('reading from a WebSocket', () => {
  it('delivers a text message as a JSON message', async () => {
    const { client, inbox } = await connected();
    client.send('{"type":"set","address":"/grün"}');
    client.send(frameOf(20));
    expect(await inbox.receive(2)).toEqual(['{"type":"set","address":"/grün"}', frameOf(20)]);
  });

  it('leaves all input with the sender until there is a subscriber', async () => {
    const { listener, accepted } = await open();
    const raw = await RawSocket.upgrade(portOf(listener));
    await until(() => accepted.length === 1);
    const message = maskedMessage(frameOf(65_000));
    for (let i = 0; i < 500; i++) raw.write(message); // 32 MB, more than the network buffers
    let [left, stuck] = [Infinity, 0];
    await until(() => {
      stuck = raw.socket.writableLength === left ? stuck + 1 : 0;
      left = raw.socket.writableLength;
      return stuck > 100;
    });
    expect(left).toBeGreaterThan(1_000_000);
    expect(await new Inbox(accepted[0]!.batches$).receive(500)).toHaveLength(500);
    raw.destroy();
  });

  it('keeps input from before a reset', async () => {
    const { listener, accepted } = await open();
    const raw = await RawSocket.upgrade(portOf(listener));
    await until(() => accepted.length === 1);
    raw.write(maskedMessage(frameOf(20, 1)));
    await turns(20);
    raw.socket.resetAndDestroy();
    await turns(20);
    const inbox = new Inbox(accepted[0]!.batches$);
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(inbox.frames).toEqual([frameOf(20, 1)]);
  });

  it('joins split input, byte by byte', async () => {
    const { raw, inbox } = await connectedRaw();
    for (const byte of maskedMessage(frameOf(140, 1))) {
      raw.write(Uint8Array.of(byte));
      await turns();
    }
    expect(await inbox.receive(1)).toEqual([frameOf(140, 1)]);
  });

  it('emits one batch for merged input', async () => {
    const { raw, inbox } = await connectedRaw();
    const frames = [1, 2, 3].map((number) => frameOf(20, number));
    raw.write(Buffer.concat(frames.map((frame) => maskedMessage(frame))));
    await inbox.receive(3);
    expect(inbox.batches).toHaveLength(1);
  });

  it('joins a fragmented message, and answers a ping between its fragments', async () => {
    const { raw, inbox } = await connectedRaw();
    const frame = frameOf(20, 1);
    raw.write(maskedMessage(frame.subarray(0, 7), 0x02));
    raw.write(maskedMessage(Uint8Array.of(9), 0x89));
    raw.write(maskedMessage(frame.subarray(7), 0x80));
    expect(await inbox.receive(1)).toEqual([frame]);
    expect(await raw.receive(({ length }) => length >= 3)).toEqual(Buffer.of(0x8a, 1, 9));
  });

  it.each([
    ['a frame of 65,548 bytes', new Uint8Array(65_548), 1009],
    ['a frame of 300,000 bytes', new Uint8Array(300_000), 1009],
    ['a text of 262,145 bytes', 'x'.repeat(262_145), 1009],
  ])('rejects %s', async (_, message, code) => {
    const { client, inbox } = await connected();
    client.send(frameOf(20, 1));
    client.send(message);
    client.send(frameOf(20, 2));
    expect((await client.ended).code).toBe(code);
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(inbox.frames).toEqual([frameOf(20, 1)]);
  });

  it('accepts a text message of 262,144 bytes', async () => {
    const { client, inbox } = await connected();
    client.send('x'.repeat(262_144));
    expect((await inbox.receive(1))[0]).toHaveLength(262_144);
  });

  it.each([
    ['an unmasked frame', Buffer.of(0x82, 1, 0), 1002],
    ['an unknown opcode', maskedMessage(Uint8Array.of(0), 0x83), 1002],
    ['a compressed frame', maskedMessage(Uint8Array.of(0), 0xc2), 1002],
    ['a text that is not UTF-8', maskedMessage(Uint8Array.of(0xff), 0x81), 1007],
  ])('rejects %s and reports it', async (_, bytes, code) => {
    const { raw, inbox } = await connectedRaw();
    raw.write(Buffer.concat([maskedMessage(frameOf(20, 1)), bytes]));
    const answer = await raw.receive(({ length }) => length >= 4);
    expect([answer[0], answer.readUInt16BE(2)]).toEqual([0x88, code]);
    await ended(raw); // no answer of this side; the socket closes anyway
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(inbox.frames).toEqual([frameOf(20, 1)]);
  });
});
