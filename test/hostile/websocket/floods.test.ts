import { afterEach, describe, expect, it } from '@jest/globals';
import { ConnectionLost } from '../../../src/transports/transport.js';
import type { WebSocketOptions } from '../../../src/transports/websocket/index.js';
import { LeanReader } from '../../../src/transports/websocket/lean-reader.js';
import { turns, until } from '../../support/inbox.js';
import { maskedMessage, RawSocket, upgradeRequest } from '../../support/raw-socket.js';
import { answersIn, EchoDoor } from './echo-door.js';
import { SteadyClock } from '../../support/steady-clock.js';

const PING = maskedMessage(new Uint8Array(0), 0x89);
const PONG = maskedMessage(new Uint8Array(0), 0x8a);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function connected(options: WebSocketOptions = {}): Promise<{ door: EchoDoor; raw: RawSocket }> {
  const door = await EchoDoor.open(options);
  cleanUps.push(() => door.close());
  const raw = await RawSocket.upgrade(door.port);
  cleanUps.push(() => {
    raw.destroy();
  });
  return { door, raw };
}

describe('a flood of pings', () => {
  const limit = new ConnectionLost('the peer sent more than 50 pings and pongs in one second');

  it.each([
    ['pings', PING],
    ['pongs', PONG],
  ])('closes the connection at the 51st of %s within a second, with the reason', async (_, frame) => {
    const { door, raw } = await connected({ clock: new SteadyClock() });
    raw.write(Buffer.concat(Array.from({ length: 20_000 }, () => frame)));
    await until(() => door.ends.length > 0 || answersIn(raw.received).some((one) => one.startsWith('close')));
    const answers = answersIn(raw.received);
    expect(answers.at(-1)).toBe('close 1008');
    expect(answers.filter((one) => one === 'pong').length).toBeLessThanOrEqual(51);
    raw.destroy();
    await until(() => door.ends.length > 0);
    expect(door.ends).toEqual([limit]);
  });

  it('is not detected at a lower rate', async () => {
    const clock = new SteadyClock();
    const { door, raw } = await connected({ clock });
    for (let second = 1; second <= 5; second++) {
      raw.write(Buffer.concat(Array.from({ length: 50 }, () => PING)));
      await raw.receive((received) => answersIn(received).length >= second * 50);
      clock.increment(1_000);
    }
    expect(answersIn(raw.received).every((one) => one === 'pong')).toBe(true);
    expect(door.ends).toEqual([]);
  });

  it('closes the connection if the answers are not read, however slowly the pings arrive', async () => {
    const clock = new SteadyClock();
    const { door, raw } = await connected({ clock });
    raw.socket.pause();
    const connection = door.connections[0]!;
    const message = Buffer.concat([Buffer.of(0x82, 126, 0xff, 0xff), Buffer.alloc(65_535)]);
    for (let stuck = 0; stuck < 50; stuck = connection.bufferedBytes > 0 ? stuck + 1 : 0) {
      if (connection.bufferedBytes < 1_000_000) connection.write(message);
      await turns();
    }
    let sent = 0;
    for (; door.ends.length === 0 && sent < 2_000; sent += 50) {
      const before = connection.bufferedBytes;
      raw.write(Buffer.concat(Array.from({ length: 50 }, () => PING)));
      await until(() => door.ends.length > 0 || connection.bufferedBytes >= before + 100); // two bytes each
      clock.increment(1_000);
    }
    expect(sent).toBe(1_050);
  });

  it('does not affect other messages', async () => {
    const { door, raw } = await connected({ clock: new SteadyClock() });
    raw.write(Buffer.concat(Array.from({ length: 5_000 }, () => maskedMessage(Uint8Array.of(1)))));
    await raw.receive((received) => answersIn(received).length >= 5_000);
    expect(door.ends).toEqual([]);
  });
});

describe('a text in very small pieces', () => {
  it('is rejected after 4,096 pieces', () => {
    // Directly through the reader the pieces keep their size; a network can join them.
    const pieces: number[] = [];
    const reader = new LeanReader({
      maxFrameBytes: 100,
      onMessages: () => undefined,
      leave: (bytes) => void pieces.push(bytes.length),
    });
    for (const byte of maskedMessage(new Uint8Array(300), 0x81)) reader.push(Buffer.of(byte));
    expect(pieces.length).toBeGreaterThan(290); // so ws counts each as a piece
  });

  it('closes the connection', async () => {
    const { door, raw } = await connected();
    const message = maskedMessage(new Uint8Array(262_144).fill(0x20), 0x81);
    raw.write(message.subarray(0, 14));
    let at = 14;
    while (!answersIn(raw.received).some((one) => one.startsWith('close'))) {
      if (at >= 200_000) throw new Error('the connection was not closed');
      raw.write(message.subarray(at, ++at));
      await turns();
    }
    expect(answersIn(raw.received)).toEqual(['close 1008']);
    expect(at).toBeGreaterThanOrEqual(4_096);
    raw.destroy();
    await until(() => door.ends.length > 0);
    expect(String(door.ends[0])).toContain('Too many buffered chunks');
  });
});

describe('fragments that wait for the last one', () => {
  it('do not keep the read buffer alive', () => {
    const kept: Buffer[] = [];
    const reader = new LeanReader({
      maxFrameBytes: 100,
      onMessages: () => undefined,
      leave: (bytes) => void kept.push(bytes),
    });
    const read = Buffer.concat([
      maskedMessage(Uint8Array.of(1), 0x01),
      maskedMessage(Uint8Array.of(1), 0x00),
      ...Array.from({ length: 1_000 }, () => PONG),
    ]);
    reader.push(read);
    expect(kept).toHaveLength(1_002);
    for (const bytes of kept) expect(bytes.buffer.byteLength).toBeLessThan(20);
    expect(Buffer.concat(kept)).toEqual(read);
  });
});

describe('compression', () => {
  it.each([
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits; server_no_context_takeover',
    'x-webkit-deflate-frame',
  ])('is never negotiated: %s', async (offer) => {
    const { door } = await connected();
    const raw = await RawSocket.connect(door.port);
    cleanUps.push(() => {
      raw.destroy();
    });
    raw.write(upgradeRequest({ 'Sec-WebSocket-Extensions': offer }));
    const answer = (await raw.receive((bytes) => bytes.includes('\r\n\r\n'))).toString();
    expect(answer).toMatch(/^HTTP\/1.1 101 /);
    expect(answer).not.toMatch(/extensions/i);
    raw.received = Buffer.alloc(0);
    raw.write(maskedMessage(Buffer.from('cac9c9070000', 'hex'), 0xc1)); // "Hello", compressed
    await raw.receive((received) => answersIn(received).length > 0);
    expect(answersIn(raw.received)).toEqual(['close 1002']);
  });
});
