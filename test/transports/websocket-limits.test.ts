import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { SteadyClock } from '../support/steady-clock.js';
import { fromElsewhere } from '../support/from-elsewhere.js';
import { turns, until } from '../support/inbox.js';
import { type RawSocket, upgradeRequest } from '../support/raw-socket.js';

import { cleanUps } from '../support/clean-ups.js';
import { certificate, open, peer } from './websocket-rejections-harness.js';

describe('a WebSocket port', () => {
  it('closes connections above a limit immediately if none can wait', async () => {
    let knocks = 0;
    const restore = fromElsewhere(() => `192.0.2.${knocks++ < 3 ? 1 : knocks}`);
    const limits = { connectsPerSecond: 2, maxConnectsPerSecond: 3, maxWaiting: 0 };
    const door = await open({ ...limits, clock: new SteadyClock() });
    try {
      for (let i = 0; i < 5; i++) await peer(door);
      await until(() => door.faults.length === 2);
    } finally {
      restore();
    }
    expect(door.faults.map(({ kind, text }) => [kind, text])).toEqual([
      ['refused', 'its address connects more than 2 times per second'],
      ['refused', 'all addresses together connect more than 3 times per second'],
    ]);
  });
});

describe('a connection above a limit of a WebSocket port', () => {
  const far = (address = '192.0.2.1'): void => void cleanUps.push(fromElsewhere(() => address));

  /** Reads the status line of the answer. */
  async function statusOf(raw: RawSocket): Promise<string> {
    const bytes = await raw.receive((received) => received.includes('\r\n'));
    return bytes.toString().split('\r\n')[0]!;
  }

  it('waits unread, and is upgraded when its address can connect again', async () => {
    far();
    const clock = new SteadyClock();
    const door = await open({ connectsPerSecond: 1, clock });
    const first = await peer(door);
    const second = await peer(door);
    for (const raw of [first, second]) raw.write(upgradeRequest());
    expect(await statusOf(first)).toBe('HTTP/1.1 101 Switching Protocols');
    await turns(20);
    expect(second.received).toHaveLength(0);
    clock.increment(1_000);
    expect(await statusOf(second)).toBe('HTTP/1.1 101 Switching Protocols');
    expect(door.faults).toEqual([]);
  });

  it.each([false, true])('waits for half-open connections of its address, TLS: %p', async (encrypted) => {
    far();
    const clock = new SteadyClock();
    const door = await open({ maxHalfOpenPerAddress: 2, encrypted, clock });
    const slow = [await peer(door), await peer(door)];
    await turns(20); // the port has accepted them
    clock.increment(1_000);
    const honest = await peer(door);
    await turns(20);
    slow[0]!.destroy();
    const options = { socket: honest.socket, servername: 'localhost', ca: certificate.ca };
    const socket = encrypted ? connectTls(options) : honest.socket;
    const answer = once(socket, 'data');
    socket.write(upgradeRequest());
    await turns(20);
    clock.increment(25);
    expect(String(await answer)).toMatch(/^HTTP\/1.1 101 /);
    expect(slow[1]!.socket.destroyed).toBe(false);
    expect(door.faults).toEqual([]);
  });

  it('replaces one that has used half its time', async () => {
    far();
    const clock = new SteadyClock();
    const door = await open({ maxHalfOpenPerAddress: 1, clock });
    const slow = await peer(door);
    await turns(20);
    clock.increment(1_000);
    const honest = await peer(door);
    honest.write(upgradeRequest());
    await turns(20);
    clock.increment(3_975);
    await turns(20);
    expect(honest.received).toHaveLength(0);
    clock.increment(25);
    expect(await statusOf(honest)).toBe('HTTP/1.1 101 Switching Protocols');
    await slow.receive(() => slow.socket.readableEnded || slow.socket.destroyed || door.faults.length > 0);
    const text = 'no WebSocket upgrade within 5 s: another connection of its address waits';
    expect(door.faults.map((fault) => [fault.kind, fault.text])).toEqual([['timeout', text]]);
  });

  it('is closed after the handshake timeout', async () => {
    far();
    const clock = new SteadyClock();
    const door = await open({ connectsPerSecond: 0.01, clock });
    await peer(door);
    const second = await peer(door);
    await turns(20);
    clock.increment(10_000);
    second.socket.on('end', () => second.socket.end());
    await second.closed;
    await turns(20);
    const text = 'its address connects more than 0.01 times per second; it has waited for 10 s';
    expect(door.faults.filter(({ kind }) => kind === 'refused').map((fault) => fault.text)).toEqual([text]);
  });

  it('is closed if too many wait', async () => {
    far();
    const clock = new SteadyClock();
    const door = await open({ connectsPerSecond: 1, maxWaitingPerAddress: 1, clock });
    const all = [await peer(door), await peer(door), await peer(door)];
    all[2]!.socket.on('end', () => all[2]!.socket.end());
    await all[2]!.closed;
    await until(() => door.faults.length === 1);
    const text = 'its address connects more than 1 times per second; 1 connections of its address wait already';
    expect(door.faults.map((fault) => [fault.kind, fault.text])).toEqual([['refused', text]]);
  });

  it('is closed with the port, without a reported fault', async () => {
    far();
    const door = await open({ connectsPerSecond: 1, clock: new SteadyClock() });
    await peer(door);
    const second = await peer(door);
    second.socket.on('end', () => second.socket.end());
    await turns(20);
    await door.close();
    await second.closed;
    expect(door.faults).toEqual([]);
  });
});
