import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { turns } from '../support/inbox.js';
import { vectorFrames } from '../support/vectors.js';
import { UdpClient } from '../support/udp-client.js';
import { hello, udpAttacker } from './support/attacker.js';
import { eventually } from './support/eventually.js';
import { Stage } from './support/stage.js';

/** Maximum bytes sent per byte received from an unvalidated source. */
const LIMIT = 3;

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.open();
});

afterEach(async () => {
  await stage.clear();
  await stage.bystanders.exchange(20);
  expect(stage.complaints).toEqual([]);
  await stage.close();
});

/** Sends a datagram from a new port; resolves with the number of bytes that were sent back. */
async function askedOnce(datagram: Uint8Array): Promise<number> {
  const client = await UdpClient.open(stage.portOf('udp'));
  await client.send(datagram);
  // A HELLO after it is always answered, so the answer to the first has arrived by then, if there is one.
  const last = encodeFrame({ ...hello, token: 'the end' } as Message); // a HELLO, like hello
  await client.send(last);
  await eventually(() => client.received.length > 0, 'an answer');
  await turns(3);
  const bytes = client.receivedBytes;
  const own = client.received.at(-1)!.length; // the answer to the last one
  client.close();
  return bytes - own;
}

describe('a UDP port that is used for a reflection attack', () => {
  it('never sends more than three times the received bytes, whatever they are', async () => {
    const hellos: readonly Message[] = [
      { type: 'hello', version: 1, name: '', features: [] },
      { type: 'hello', version: 1, name: 'a', token: 'udp:AAAAAAAAAAA', features: [] },
      { type: 'hello', version: 255, name: 'x'.repeat(1_000), token: 'y'.repeat(300), features: ['param', 'event'] },
    ];
    const all = [
      ...hellos.flatMap((message) => [encodeFrame(message), encodeFrame(message, { encoding: 'cbor' })]),
      ...vectorFrames(),
    ];
    let worst = 0;
    for (const [i, datagram] of all.entries()) {
      if (datagram.length > 1_400) continue;
      const factor = (await askedOnce(datagram)) / Math.max(datagram.length, 1);
      worst = Math.max(worst, factor);
      if (i % 100 === 0) await stage.bystanders.exchange();
    }
    if (process.env.CLASP_TEST_FIGURES !== undefined) process.stderr.write(`amplification: ${worst.toFixed(2)}\n`);
    expect(worst).toBeGreaterThan(1); // HELLOs are answered, so this test can fail
    expect(worst).toBeLessThanOrEqual(LIMIT);
    expect(stage.router.sessionCount).toBe(2);
  });

  it('answers a limited number of HELLOs per second', async () => {
    const client = await UdpClient.open(stage.portOf('udp'));
    for (let i = 0; i < 1_500; i++) {
      client.sayHello();
      if (i % 50 === 49) {
        await turns(5);
        await stage.bystanders.exchange();
      }
    }
    await eventually(() => client.received.length === 1_000, 'a thousand answers');
    await stage.bystanders.exchange(5);
    expect(client.received).toHaveLength(1_000);
    client.close();
  });
});

describe('a session over UDP', () => {
  it('does not start with the cookie of another port or of another time', async () => {
    const [owner, thief] = [await UdpClient.open(stage.portOf('udp')), await UdpClient.open(stage.portOf('udp'))];
    const cookie = await owner.askForCookie();
    thief.sayHello(`udp:${cookie}`);
    await thief.receive(1);
    expect(decodeFrame(thief.received[0]!).message).toMatchObject({ type: 'error', code: 300 });
    expect(stage.router.sessionCount).toBe(2);
    stage.doorClock.increment(60_000);
    owner.sayHello(`udp:${cookie}`);
    await owner.receive(2);
    expect(decodeFrame(owner.received[1]!).message).toMatchObject({ type: 'error', code: 300 });
    expect(stage.router.sessionCount).toBe(2);
    owner.close();
    thief.close();
  });

  it('is not closed and not impersonated by datagrams from elsewhere', async () => {
    const attacker = await stage.join('udp');
    const params = stage.router.statistics().counts.params;
    const stranger = await UdpClient.open(stage.portOf('udp'));
    const forged: readonly Message[] = [
      { type: 'set', address: '/forged', value: encodeValue(1) },
      { type: 'ping' },
      { type: 'subscribe', id: 1, pattern: '/**' },
      { type: 'error', code: 501, message: 'goodbye' },
    ];
    for (const message of forged) await stranger.send(encodeFrame(message));
    await eventually(() => stage.router.statistics().rejectedConnections.unsolicited === 4, 'them to be counted');
    await stage.bystanders.exchange();
    expect(stranger.received).toEqual([]);
    expect(stage.router.statistics().counts.params).toBe(params);
    attacker.send([encodeFrame({ type: 'ping' })]);
    const pongs = (): number => attacker.messages.filter(({ type }) => type === 'pong').length;
    await eventually(() => pongs() === 2, 'a PONG to the owner of the session');
    stranger.close();
  });

  it('starts only a limited number of times at one address', async () => {
    const all = [];
    for (let i = 0; i < 70; i++) {
      const attacker = await udpAttacker(stage.portOf('udp'), { cookie: true });
      attacker.send([encodeFrame(hello)]);
      await eventually(() => attacker.messages.length > 0, 'an answer');
      all.push(attacker);
    }
    expect(stage.router.sessionCount).toBe(66);
    for (const attacker of all.slice(64)) {
      expect(attacker.messages).toMatchObject([
        { type: 'error', code: 503, message: 'Too many connections from your address: the limit is 64' },
      ]);
    }
    for (const attacker of all) attacker.leave();
  });

  it('does not start for a source that sends empty datagrams', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    let answers = 0;
    socket.on('message', () => answers++);
    for (let i = 0; i < 2_000; i++) {
      socket.send(Buffer.alloc(i % 1_400, i), stage.portOf('udp'), '127.0.0.1');
      if (i % 50 === 49) {
        await turns(5);
        await stage.bystanders.exchange();
      }
    }
    expect(answers).toBe(0);
    expect(stage.router.sessionCount).toBe(2);
    socket.close();
  });
});
