import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { MAX_STREAMLESS_PEERS, quicCloseCodes, STREAM_REFUSED } from '../../src/transports/quic/constants.js';
import { quic } from '../../src/transports/quic/index.js';
import type { TlsCredentials } from '../../src/net/tls.js';
import { faultsOf } from '../support/rejected-connections.js';
import { FakeQuic } from '../support/fake-quic.js';
import { frameOf } from '../support/frames.js';
import { turns } from '../support/inbox.js';
import { connectedFake, numbersOf, openFake } from './quic-harness.js';

describe('accepting a QUIC connection', () => {
  it('requires a stream, and closes a peer that opens none within 10 s', async () => {
    const { library, clock, accepted } = await openFake();
    const silent = library.arrive();
    clock.increment(5_000);
    const quick = library.arrive();
    quick.open(frameOf(20));
    expect(accepted).toHaveLength(1);
    clock.increment(4_999);
    expect(silent.closedWith).toBeUndefined();
    await clock.pass(1);
    expect(silent.closedWith).toEqual({ code: quicCloseCodes.policy, text: 'no stream was opened within 10 s' });
    await turns();
    clock.increment(600_000);
    expect(quick.closedWith).toBeUndefined();
    expect(silent.open(frameOf(20)).resetWith).toBe(STREAM_REFUSED);
    expect(accepted).toHaveLength(1);
  });

  it('keeps all peers that have waited for their streams for less than a second', async () => {
    const { library, clock, accepted } = await openFake();
    const crowd = Array.from({ length: 2 * MAX_STREAMLESS_PEERS }, () => library.arrive());
    clock.increment(999);
    crowd.push(library.arrive());
    for (const peer of crowd) peer.open(frameOf(20));
    expect(crowd.filter(({ closedWith }) => closedWith !== undefined)).toEqual([]);
    expect(accepted).toHaveLength(crowd.length);
  });

  it('refuses a peer while four times as many wait for their streams, none of them for a second', async () => {
    const { library, listener } = await openFake();
    const faults = faultsOf(listener);
    const crowd = Array.from({ length: 4 * MAX_STREAMLESS_PEERS }, () => library.arrive());
    const next = library.arrive();
    expect(next.closedWith).toEqual({ code: quicCloseCodes.overloaded, text: '2048 peers have no stream' });
    expect(crowd.filter(({ closedWith }) => closedWith !== undefined)).toEqual([]);
    expect(faults.map(({ kind, text }) => [kind, text])).toEqual([['refused', '2048 peers have no stream']]);
  });

  it('refuses a new peer in the grace period after a stall, instead of closing one without a stream', async () => {
    const { library, clock } = await openFake();
    const crowd = Array.from({ length: MAX_STREAMLESS_PEERS }, () => library.arrive());
    clock.stall(5_000);
    expect(library.arrive().closedWith?.code).toBe(quicCloseCodes.overloaded);
    for (const peer of crowd) peer.open(frameOf(20));
    expect(crowd.filter(({ closedWith }) => closedWith !== undefined)).toEqual([]);
  });

  it('closes the peer that has waited longest for its stream if too many wait', async () => {
    const { library, clock, accepted } = await openFake();
    const waiting = Array.from({ length: MAX_STREAMLESS_PEERS }, () => library.arrive());
    waiting[0]!.open(frameOf(20));
    clock.increment(1_000);
    library.arrive();
    expect(waiting.filter(({ closedWith }) => closedWith !== undefined)).toEqual([]);
    clock.increment(1_000);
    library.arrive();
    expect(waiting.findIndex(({ closedWith }) => closedWith?.code === quicCloseCodes.overloaded)).toBe(1);
    expect(waiting.filter(({ closedWith }) => closedWith !== undefined)).toHaveLength(1);
    expect(accepted).toHaveLength(1);
  });

  it('allows one stream per connection', async () => {
    const { peer, stream, connection, inbox } = await connectedFake();
    const second = peer.open(frameOf(20, 9));
    expect(second.resetWith).toBe(STREAM_REFUSED);
    stream.push(frameOf(20, 1));
    await inbox.receive(2);
    connection.write(frameOf(20, 2));
    stream.accept();
    expect(numbersOf(inbox)).toEqual([0, 1]);
    expect(stream.accepted).toEqual([Buffer.from(frameOf(20, 2))]);
  });

  it.each([
    ['192.0.2.7', '192.0.2.7:50000'],
    ['::ffff:192.0.2.7', '192.0.2.7:50000'],
    ['2001:db8::1', '[2001:db8::1]:50000'],
  ])('writes the address %s as %s', async (host, text) => {
    const { library, accepted } = await openFake();
    library.arrive(host).open(frameOf(20));
    expect(accepted[0]!.remoteAddress).toBe(text);
  });

  it('reports its own IPv6 address in brackets', async () => {
    const { listener } = await openFake({ host: '::' });
    expect(listener.addresses).toEqual([{ transport: 'quic', host: '::', port: 7331, url: 'quic://[::]:7331' }]);
  });

  it('opens again with the current certificate', async () => {
    const renewed$ = new Subject<TlsCredentials>();
    const provider = new FakeQuic();
    const transport = quic({ provider, tls: { credentials: { key: 'k1', cert: 'c1' }, renewed$ } });
    await transport.listen();
    renewed$.next({ key: 'k2', cert: 'c2' });
    await transport.listen();
    expect(provider.listens.map(({ key, cert, alpn }) => [key, cert, alpn])).toEqual([
      ['k1', 'c1', 'clasp/2'],
      ['k2', 'c2', 'clasp/2'],
    ]);
  });
});

describe('a rejected QUIC peer', () => {
  const remoteAddress = '192.0.2.7:50000';

  it('is reported if it opens no stream, in time or at all', async () => {
    const { library, clock, listener } = await openFake();
    const faults = faultsOf(listener);
    library.arrive();
    library.arrive().end({ kind: 'closed', code: 0, text: '' });
    expect(faults).toEqual([{ kind: 'timeout', remoteAddress, text: 'it disconnected without opening a stream' }]);
    await clock.pass(10_000);
    expect(faults.slice(1)).toEqual([{ kind: 'timeout', remoteAddress, text: 'no stream was opened within 10 s' }]);
  });

  it('is the oldest of the address with the most, if too many have no stream', async () => {
    const { library, clock, listener } = await openFake();
    const faults = faultsOf(listener);
    for (let i = 0; i < MAX_STREAMLESS_PEERS; i++) library.arrive(`198.51.100.${i < 100 ? i : 200}`);
    clock.increment(2_000);
    library.arrive('192.0.2.1');
    await turns();
    const reason = 'its address has the most half-open connections, and another one waits';
    const text = `no stream was opened within 2 s: ${reason}`;
    expect(faults).toEqual([{ kind: 'timeout', remoteAddress: '198.51.100.200:50000', text }]);
  });

  it('is reported if the library reports a failed handshake', async () => {
    const { library, listener } = await openFake();
    const faults = faultsOf(listener);
    const text = "it does not trust this router's certificate";
    library.listens[0]!.onFailedHandshake!({ remoteHost: '::ffff:192.0.2.7', remotePort: 50_000, text });
    expect(faults).toEqual([{ kind: 'handshake', remoteAddress, text }]);
  });

  it('is not a peer with a stream, nor one that waited when the listener closed', async () => {
    const { library, clock, listener } = await openFake();
    const faults = faultsOf(listener);
    let complete = false;
    listener.rejected$!.subscribe({ complete: () => (complete = true) });
    const inside = library.arrive();
    inside.open(frameOf(20));
    inside.end({ kind: 'lost', text: 'idle timeout' });
    library.arrive();
    expect(complete).toBe(false);
    await listener.close();
    clock.increment(60_000);
    expect([faults, complete]).toEqual([[], true]);
  });
});
