import { describe, expect, it } from '@jest/globals';
import { tcp } from '../../src/transports/tcp/index.js';
import { cleanUps } from '../support/clean-ups.js';
import { SteadyClock } from '../support/steady-clock.js';
import { faultsOf } from '../support/rejected-connections.js';
import { frameOf } from '../support/frames.js';
import { fromElsewhere } from '../support/from-elsewhere.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { RawSocket } from '../support/raw-socket.js';
import { TcpClient } from '../support/tcp-client.js';
import { ended, local, open, tls, trust } from './tcp-harness.js';
import { portOf, urlOf } from '../support/open-listener.js';

describe('a TCP port', () => {
  it.each([
    ['plain', undefined],
    ['with TLS', tls],
  ])('closes connections above a limit immediately if none can wait: %s', async (_, source) => {
    let knocks = 0;
    cleanUps.push(fromElsewhere(() => `192.0.2.${knocks++ < 3 ? 1 : knocks}`));
    const clock = new SteadyClock();
    const limits = { connectsPerSecond: 2, maxConnectsPerSecond: 3, maxWaiting: 0 };
    const { listener, accepted } = await open(tcp({ ...local, tls: source, clock, ...limits }));
    const faults = faultsOf(listener);
    const connect = async (): Promise<RawSocket> => {
      const raw = await RawSocket.connect(portOf(listener));
      cleanUps.push(() => {
        raw.destroy();
      });
      return raw;
    };
    const raws = [await connect(), await connect(), await connect(), await connect(), await connect()];
    await Promise.all([raws[2]!, raws[4]!].map(ended));
    expect(raws.map(({ socket }) => socket.readableEnded || socket.destroyed)).toEqual([
      ...[false, false, true],
      ...[false, true],
    ]);
    expect(faults.map(({ kind, text }) => [kind, text])).toEqual([
      ['refused', 'its address connects more than 2 times per second'],
      ['refused', 'all addresses together connect more than 3 times per second'],
    ]);
    expect(faults[1]!.remoteAddress).toBe(`192.0.2.5:${raws[4]!.socket.localPort}`);
    expect(accepted).toHaveLength(source === undefined ? 3 : 0);
    clock.increment(500);
    await connect();
    await turns(20);
    expect(faults).toHaveLength(2);
  });

  it.each([
    ['plain', undefined],
    ['with TLS', tls],
  ])('keeps a connection unread until its address can connect again: %s', async (_, source) => {
    cleanUps.push(fromElsewhere(() => '192.0.2.1'));
    const clock = new SteadyClock();
    const { listener, accepted } = await open(tcp({ ...local, tls: source, clock, connectsPerSecond: 1 }));
    const faults = faultsOf(listener);
    const joined = [0, 1].map(() => TcpClient.connect(urlOf(listener), trust));
    const first = await Promise.race(joined); // over TCP the system connects both
    first.send(frameOf(20, 1));
    await until(() => accepted.length === 1);
    await turns(20);
    expect(accepted).toHaveLength(1);
    clock.increment(1_000);
    const [one, other] = await Promise.all(joined);
    await until(() => accepted.length === 2);
    (first === one ? other! : one!).send(frameOf(20, 2));
    const frames = accepted.map((connection) => new Inbox(connection.batches$).receive(1));
    const all = (await Promise.all(frames)).flat() as Uint8Array[];
    expect(all.map((frame) => frame.at(-1)).sort()).toEqual([frameOf(20, 1).at(-1), frameOf(20, 2).at(-1)]);
    expect(faults).toEqual([]);
  });

  it('keeps a connection waiting for TLS handshakes of its address, and ends one that has used half its time', async () => {
    cleanUps.push(fromElsewhere(() => '192.0.2.1'));
    const clock = new SteadyClock();
    const { listener, accepted } = await open(tcp({ ...local, tls, clock, maxHalfOpenPerAddress: 1 }));
    const faults = faultsOf(listener);
    const slow = await RawSocket.connect(portOf(listener));
    cleanUps.push(() => {
      slow.destroy();
    });
    await turns(20); // the port has accepted it
    clock.increment(1_000);
    const honest = TcpClient.connect(urlOf(listener), trust);
    await turns(50);
    expect([accepted.length, faults.length]).toEqual([0, 0]);
    clock.increment(4_000);
    await honest;
    await until(() => accepted.length === 1);
    const text = 'no TLS handshake within 5 s: another connection of its address waits';
    expect(faults.map((fault) => [fault.kind, fault.text])).toEqual([['timeout', text]]);
  });

  it('closes waiting connections with the port, without reporting faults', async () => {
    cleanUps.push(fromElsewhere(() => '192.0.2.1'));
    const { listener } = await open(tcp({ ...local, clock: new SteadyClock(), connectsPerSecond: 1 }));
    const faults = faultsOf(listener);
    const raws = [await RawSocket.connect(portOf(listener)), await RawSocket.connect(portOf(listener))];
    cleanUps.push(() => {
      for (const raw of raws) raw.destroy();
    });
    await turns(20);
    await listener.close();
    await Promise.race(raws.map(ended));
    expect(faults).toEqual([]);
  });

  it('does not count connections of this computer', async () => {
    const { listener, accepted } = await open(tcp({ ...local, connectsPerSecond: 1, maxConnectsPerSecond: 1 }));
    for (let i = 0; i < 3; i++) {
      const client = await TcpClient.connect(urlOf(listener));
      cleanUps.push(() => {
        client.vanish();
      });
    }
    await until(() => accepted.length === 3);
  });
});
