import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { firstValueFrom } from 'rxjs';
import { ABORTED, quicCloseCodes } from '../../src/transports/quic/constants.js';
import { quic } from '../../src/transports/quic/index.js';
import { CLOSE_GRACE_MS, ConnectionLost } from '../../src/transports/transport.js';
import { TransportError } from '../../src/net/transport-error.js';
import { FakeQuic } from '../support/fake-quic.js';
import { frameOf } from '../support/frames.js';
import { Inbox, turns } from '../support/inbox.js';
import { connectedFake, local, numbersOf, openFake } from './quic-harness.js';

describe('closing a QUIC listener', () => {
  it('keeps its connections, accepts no new ones, and completes when the last has closed', async () => {
    const { library, listener, accepted } = await openFake();
    const [inside, waiting] = [library.arrive(), library.arrive()];
    const stream = inside.open(frameOf(20));
    const inbox = new Inbox(accepted[0]!.batches$);
    let shut = false;
    const closed = Promise.all([listener.close(), listener.close()]).then(() => (shut = true));
    const late = library.arrive();
    for (const { closedWith } of [waiting, late]) expect(closedWith?.code).toBe(quicCloseCodes.goingAway);
    stream.push(frameOf(20, 1));
    expect(numbersOf(inbox)).toEqual([0, 1]);
    await turns(5);
    expect([shut, library.closes]).toEqual([false, 0]);
    inside.end({ kind: 'closed', code: 0, text: '' });
    await closed;
    expect(library.closes).toBe(1);
    expect(accepted).toHaveLength(1);
  });

  it('reports a failed port, and releases it', async () => {
    const { library, listener } = await openFake();
    const told = firstValueFrom(listener.connections$).catch((error: unknown) => error);
    const again = new FakeQuic();
    const other = await quic({ ...local, provider: again }).listen();
    const end = new Promise((resolve) => other.connections$.subscribe({ error: resolve }));
    again.listens[0]!.onFault(new Error('no buffer space'));
    expect(await end).toEqual(new TransportError('the QUIC port failed: no buffer space'));
    expect(again.closes).toBe(1);
    expect(library.closes).toBe(0);
    expect(await told).toBeInstanceOf(Error); // there is already a subscriber
  });
});

describe('closing a QUIC connection', () => {
  it('ends the stream, waits for its other end, and closes with the reason', async () => {
    const { peer, stream, connection, inbox } = await connectedFake();
    connection.write(frameOf(20, 1));
    connection.close({ kind: 'policy', text: 'é'.repeat(100) });
    stream.accept();
    await once(stream, 'finish');
    expect(peer.closedWith).toBeUndefined();
    stream.push(frameOf(20, 9)); // dropped
    stream.push(null);
    expect(await inbox.ended).toBe('completed');
    expect(peer.closedWith).toEqual({ code: quicCloseCodes.policy, text: 'é'.repeat(60) });
    expect(stream.accepted).toEqual([Buffer.from(frameOf(20, 1))]);
    expect(numbersOf(inbox)).toEqual([0]);
  });

  it('drops received bytes that are not read yet', async () => {
    const { stream, connection, inbox } = await connectedFake();
    for (let i = 1; i <= 50; i++) stream.push(frameOf(16_384, i));
    const before = inbox.frames.length;
    connection.close({ kind: 'normal', text: '' });
    stream.push(null);
    expect(await inbox.ended).toBe('completed');
    expect(inbox.frames).toHaveLength(before);
    expect(before).toBeLessThan(50);
  });

  it('does not wait longer for a peer that does not answer, nor for a frozen one', async () => {
    const { clock, peer, connection, inbox } = await connectedFake();
    connection.write(frameOf(20, 1));
    connection.close({ kind: 'goingAway', text: 'bye' });
    peer.counts.packetsOut += 2;
    peer.counts.bytesOut += 32_766; // retransmitted in vain
    await clock.pass(CLOSE_GRACE_MS - 1);
    expect(peer.closedWith).toBeUndefined();
    await clock.pass(1);
    expect(peer.closedWith).toEqual({ code: quicCloseCodes.goingAway, text: 'bye' });
    expect(await inbox.ended).toBe('completed');
  });

  it('waits while the peer reads, even if the peer has already ended its side', async () => {
    const { clock, peer, stream, connection, inbox } = await connectedFake();
    for (let i = 0; i < 3; i++) connection.write(frameOf(20, i));
    connection.close({ kind: 'normal', text: '' });
    stream.push(null);
    for (let i = 0; i < 3; i++) {
      await turns();
      expect(peer.closedWith).toBeUndefined();
      stream.accept();
      await clock.pass(CLOSE_GRACE_MS);
    }
    await clock.pass(CLOSE_GRACE_MS);
    expect(stream.accepted).toHaveLength(3);
    expect(peer.closedWith?.code).toBe(quicCloseCodes.normal);
    expect(await inbox.ended).toBe('completed');
  });

  it('ends its side after the peer’s, which has time to read the rest', async () => {
    const { clock, peer, stream, connection, inbox } = await connectedFake();
    connection.write(frameOf(20, 1));
    stream.push(null);
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer ended its stream without a close message'));
    connection.write(frameOf(20, 2)); // too late
    connection.close({ kind: 'internal', text: '' });
    stream.accept();
    await once(stream, 'close'); // both halves have ended
    expect(stream.accepted).toEqual([Buffer.from(frameOf(20, 1))]);
    expect(peer.closedWith).toBeUndefined();
    await clock.pass(CLOSE_GRACE_MS);
    expect(peer.closedWith).toBeUndefined(); // it read some bytes in this time
    await clock.pass(CLOSE_GRACE_MS);
    expect(peer.closedWith?.code).toBe(quicCloseCodes.normal);
  });

  it.each([
    ['the peer closed the connection without a close message', quicCloseCodes.normal, 'whatever'],
    ['the peer cut the connection with code 21249', quicCloseCodes.goingAway, ''],
    ['the peer cut the connection with code 12: key update', 12, 'key update'],
    ['the peer cut the connection with code 21264', ABORTED, ''],
    [`the peer cut the connection with code 7: ${'x'.repeat(120)}`, 7, 'x'.repeat(500)],
  ])('reports %s when the peer closes with %i', async (told, code, text) => {
    const { peer, inbox } = await connectedFake();
    peer.end({ kind: 'closed', code, text });
    expect(await inbox.ended).toEqual(new ConnectionLost(told));
  });

  it('is a loss if the peer resets its stream', async () => {
    const { peer, stream, inbox } = await connectedFake();
    stream.destroy(new Error('stream reset: 0'));
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer reset its stream'));
    expect(peer.closedWith?.code).toBe(quicCloseCodes.protocol);
  });

  it('leaves no timer', async () => {
    for (const end of ['close', 'destroy', 'session'] as const) {
      const { clock, peer, connection, inbox } = await connectedFake({ pingIntervalMs: 1_000 });
      connection.write(frameOf(20));
      if (end === 'close') connection.close({ kind: 'normal', text: '' });
      if (end === 'destroy') connection.destroy();
      if (end !== 'session') await clock.pass(CLOSE_GRACE_MS);
      peer.end({ kind: 'closed', code: 0, text: '' });
      await inbox.ended;
      const pings = peer.pings;
      clock.increment(600_000);
      expect(peer.pings).toBe(pings);
    }
  });
});
