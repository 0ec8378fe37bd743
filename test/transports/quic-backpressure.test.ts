import { describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import { quicCloseCodes } from '../../src/transports/quic/constants.js';
import { ConnectionLost } from '../../src/transports/transport.js';
import { type FakePeer } from '../support/fake-quic.js';
import { frameOf } from '../support/frames.js';
import { turns } from '../support/inbox.js';
import { type SteadyClock } from '../support/steady-clock.js';
import { connectedFake } from './quic-harness.js';

describe('a QUIC peer that reads nothing', () => {
  /** One second with these packets in both directions. */
  async function second(
    { clock, peer }: { clock: SteadyClock; peer: FakePeer },
    traffic: { packetsIn: number; packetsOut: number; bytesOut: number },
  ): Promise<void> {
    peer.counts.packetsIn += traffic.packetsIn;
    peer.counts.packetsOut += traffic.packetsOut;
    peer.counts.bytesOut += traffic.bytesOut;
    await clock.pass(1_000);
  }
  /** As measured: a ping and its answer. */
  const answersPings = { packetsIn: 1, packetsOut: 1, bytesOut: 42 };

  it('is cut off after 3 s if it answers pings throughout', async () => {
    const fake = await connectedFake();
    fake.connection.write(frameOf(20));
    for (let i = 0; i < 2; i++) await second(fake, answersPings);
    expect(fake.peer.pings).toBe(3);
    await fake.clock.pass(999);
    await turns();
    expect(fake.inbox.end).toBeUndefined();
    fake.peer.counts.packetsIn++;
    await fake.clock.pass(1);
    expect(await fake.inbox.ended).toEqual(new ConnectionLost('the peer read nothing for 3 s'));
    expect(fake.peer.closedWith).toEqual({ code: quicCloseCodes.overloaded, text: 'the peer read nothing for 3 s' });
  });

  it('is cut off although it receives many acknowledgements of its own bytes', async () => {
    const fake = await connectedFake({ stallMs: 3_000 });
    fake.connection.write(frameOf(20));
    for (let i = 0; i < 3; i++) await second(fake, { packetsIn: 1_000, packetsOut: 500, bytesOut: 500 * 50 });
    expect(await fake.inbox.ended).toBeInstanceOf(ConnectionLost);
  });

  it('is cut off if it stalls long after the first write', async () => {
    const fake = await connectedFake();
    for (let i = 0; i < 20; i++) {
      fake.connection.write(frameOf(20));
      fake.stream.accept();
      await second(fake, answersPings);
    }
    expect(fake.inbox.end).toBeUndefined();
    fake.connection.write(frameOf(20));
    for (let i = 0; i < 3; i++) await second(fake, answersPings);
    expect(await fake.inbox.ended).toBeInstanceOf(ConnectionLost);
  });

  it.each([
    ['is frozen or unreachable', { packetsIn: 0, packetsOut: 2, bytesOut: 32_766 }],
    ['is on a slow link', { packetsIn: 20, packetsOut: 76, bytesOut: 60_000 }],
    ['is on a slow link and sends much', { packetsIn: 1_000, packetsOut: 520, bytesOut: 500 * 50 + 20 * 1_200 }],
  ])('is kept if it %s, and receives the rest later', async (_, traffic) => {
    const fake = await connectedFake();
    fake.connection.write(frameOf(20));
    const drained = firstValueFrom(fake.connection.drained$);
    for (let i = 0; i < 25; i++) await second(fake, traffic);
    await turns();
    expect(fake.peer.closedWith).toBeUndefined();
    fake.stream.accept();
    await drained;
    expect(fake.connection.bufferedBytes).toBe(0);
    for (let i = 0; i < 10; i++) await second(fake, answersPings);
    expect(fake.inbox.end).toBeUndefined();
  });

  it('is kept while it reads a small part of many bytes', async () => {
    const fake = await connectedFake();
    for (let i = 0; i < 10; i++) fake.connection.write(frameOf(20));
    for (let i = 0; i < 9; i++) {
      await second(fake, answersPings);
      await second(fake, answersPings);
      fake.stream.accept();
    }
    await turns();
    expect(fake.inbox.end).toBeUndefined();
  });
});

describe('drained$ of QUIC', () => {
  it('emits once when all buffered bytes are sent, and not for bytes that are sent immediately', async () => {
    const { stream, connection } = await connectedFake();
    const buffered: number[] = [];
    connection.drained$.subscribe(() => buffered.push(connection.bufferedBytes));
    for (let i = 0; i < 2; i++) {
      connection.write(frameOf(20));
      connection.write(frameOf(20));
      expect(connection.bufferedBytes).toBe(40);
      stream.accept();
      await turns();
      expect(connection.bufferedBytes).toBe(20);
      expect(buffered).toHaveLength(i);
      stream.accept();
      await turns();
    }
    stream.isQuick = true;
    connection.write(frameOf(20));
    await turns();
    expect(buffered).toEqual([0, 0]);
  });
});
