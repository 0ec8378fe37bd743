import { describe, expect, it } from '@jest/globals';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import { faultsOf } from '../support/rejected-connections.js';
import { frameOf } from '../support/frames.js';
import { turns } from '../support/inbox.js';
import { hello, type UdpClient } from '../support/udp-client.js';
import { SteadyClock } from '../support/steady-clock.js';
import { clientOf, error, getIn, onFakeNetwork, open, saidOn } from './udp-harness.js';

describe('the limits of a UDP port', () => {
  it('refuses a peer above the limit of its address, and accepts it when another has disconnected', async () => {
    const { listener, accepted } = await open({ maxConnectionsPerAddress: 2 });
    const clients = await Promise.all([1, 2, 3].map(() => clientOf(listener)));
    const [first, second, third] = clients as [UdpClient, UdpClient, UdpClient]; // invariant: the three above
    const { connection } = await getIn(first, accepted);
    await getIn(second, accepted);
    const cookie = await third.askForCookie();
    third.sayHello(`udp:${cookie}`);
    const refusal = (await third.receive(2))[1]!;
    expect(decodeFrame(refusal).message).toEqual(error(503, 'Too many connections from your address: the limit is 2'));
    expect(listener.counts.refused).toBe(1);
    await getIn(second, accepted); // a connected peer can start again
    connection.destroy();
    await getIn(third, accepted);
    expect(listener.connectionCount).toBe(2);
  });

  it('counts each address separately, and all of them together', async () => {
    const { network, listener, accepted } = onFakeNetwork({ maxConnectionsPerAddress: 1, maxConnections: 3 });
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']) {
      network.letIn({ address, port: 4_000 + network.sent.length });
    }
    await turns();
    expect(accepted.map(({ peer }) => peer.address)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    expect(saidOn(network)).toEqual([
      error(503, 'Too many connections from your address: the limit is 1'),
      error(503, 'Too many connections: the limit is 3'),
    ]);
    expect([listener.counts.refused, listener.connectionCount]).toEqual([2, 3]);
  });

  it('are disabled if 0', async () => {
    const { network, listener } = onFakeNetwork({ maxConnectionsPerAddress: 0, maxConnections: 0 });
    for (let i = 0; i < 100; i++) network.letIn({ address: '192.0.2.1', port: 4_000 + i });
    await turns();
    expect(listener.connectionCount).toBe(100);
  });
});

describe('a rejected UDP source', () => {
  const source = { address: '198.51.100.7', port: 4_711 };
  const remoteAddress = '198.51.100.7:4711';

  it('is reported as unsolicited if it sends no HELLO', () => {
    const { network, listener } = onFakeNetwork();
    const faults = faultsOf(listener);
    network.receive(encodeFrame({ type: 'ping' }), source);
    const text = 'a datagram from a source that is not connected, and not a HELLO';
    expect(faults).toEqual([{ kind: 'unsolicited', remoteAddress, text }]);
  });

  it('is reported if its cookie belongs to another source, or has expired', () => {
    const clock = new SteadyClock();
    const { network, listener } = onFakeNetwork({ clock });
    const faults = faultsOf(listener);
    const text = 'its cookie has expired or belongs to another source';
    const token = network.tokenOf(source);
    network.receive(encodeFrame({ ...hello, token }), { ...source, port: 1 });
    expect(faults).toEqual([{ kind: 'refused', remoteAddress: '198.51.100.7:1', text }]);
    clock.increment(60_000);
    network.receive(encodeFrame({ ...hello, token }), source);
    expect(faults.slice(1)).toEqual([{ kind: 'refused', remoteAddress, text }]);
  });

  it('is reported if too many arrive at once, or a limit is reached', () => {
    const { network, listener } = onFakeNetwork({
      maxConnectionsPerAddress: 2,
      maxConnections: 3,
      cookiesPerSecond: 5,
    });
    const faults = faultsOf(listener);
    for (const port of [1, 2]) network.letIn({ ...source, port });
    network.letIn(source);
    network.letIn({ ...source, address: '198.51.100.8' });
    network.letIn({ ...source, address: '198.51.100.9' });
    network.receive(encodeFrame(hello), source);
    expect(faults).toEqual([
      { kind: 'refused', remoteAddress, text: '2 of its address are connected already' },
      { kind: 'refused', remoteAddress: '198.51.100.9:4711', text: '3 are connected already' },
      { kind: 'refused', remoteAddress, text: 'too many HELLOs without a cookie in this second' },
    ]);
  });

  it('is not a validated peer, and is not reported after the port has closed', async () => {
    const { network, listener } = onFakeNetwork();
    const faults = faultsOf(listener);
    let complete = false;
    listener.rejected$.subscribe({ complete: () => (complete = true) });
    network.letIn(source);
    network.receive(frameOf(20), source);
    expect([faults, complete]).toEqual([[], false]);
    await listener.close();
    expect(complete).toBe(true);
  });
});
