import { describe, expect, it } from '@jest/globals';
import { SessionAdmission, type SessionAdmissionOptions } from '../../../src/actors/session/session-admission.js';
import type { Connection } from '../../../src/transports/transport.js';
import { memoryLink } from '../../../src/transports/memory/index.js';
import { SteadyClock } from '../../support/steady-clock.js';
import { unlimited } from './session-under-test.js';

interface Admission {
  readonly admission: SessionAdmission;
  readonly clock: SteadyClock;
  readonly admitted: Connection[];
  readonly refused: string[];
  readonly cut: string[];
  /** Connections of an address, one after the other. */
  arrive(address: string, count?: number): readonly Connection[];
}

function newAdmission(limits: Partial<SessionAdmissionOptions>): Admission {
  const clock = new SteadyClock();
  const admitted: Connection[] = [];
  const refused: string[] = [];
  const cut: string[] = [];
  const admission = new SessionAdmission({
    ...unlimited,
    helloTimeoutMs: 10_000,
    clock,
    admit: (connection) => void admitted.push(connection),
    refuse: (_, text) => void refused.push(text),
    cutOff: ({ remoteAddress }, ageSeconds, reason) => {
      cut.push(`${remoteAddress} after ${ageSeconds} s: ${reason}`);
      return true;
    },
    onDue: () => {
      admission.look();
    },
    mayRelease: () => false,
    want: () => undefined,
    mayDisplace: () => false,
    displace: () => false,
    ...limits,
  });
  let port = 0;
  const arrive = (address: string, count = 1): readonly Connection[] =>
    Array.from({ length: count }, () => {
      const { server } = memoryLink({ remoteAddress: `${address}:${++port}` });
      admission.arrive(server);
      return server;
    });
  return { admission, clock, admitted, refused, cut, arrive };
}

describe('the admission of sessions', () => {
  it('admits many connections of one address at once, although 64 may lack a HELLO', () => {
    const { admitted, refused, arrive } = newAdmission({ maxHalfOpen: 512, maxHalfOpenPerAddress: 64 });
    arrive('192.0.2.1', 200);
    expect([admitted.length, refused]).toEqual([200, []]);
  });

  it('makes the connections of an address wait while too many of it have had no HELLO for a second', () => {
    const { admission, clock, admitted, arrive } = newAdmission({ maxHalfOpenPerAddress: 2 });
    const [slow] = arrive('192.0.2.1', 2);
    clock.increment(1_000);
    arrive('192.0.2.1');
    arrive('192.0.2.2');
    arrive('127.0.0.1');
    expect(admitted).toHaveLength(4);
    admission.established(slow!);
    clock.increment(25);
    expect(admitted).toHaveLength(5);
  });

  it('refuses a connection that has waited for 8 s, and says why', () => {
    const { clock, refused, arrive } = newAdmission({ maxHalfOpenPerAddress: 2, cutOff: () => false });
    arrive('192.0.2.1', 2);
    clock.increment(1_000);
    arrive('192.0.2.1');
    clock.increment(7_975);
    expect(refused).toEqual([]);
    clock.increment(25);
    expect(refused).toEqual([
      'Too many sessions from one address without a HELLO: the limit is 2; it has waited for 8 s',
    ]);
  });

  it('refuses at once if no session can make room', () => {
    const { admission, refused, arrive } = newAdmission({ maxSessions: 2, maxSessionsPerAddress: 1 });
    const [first] = arrive('192.0.2.1', 2);
    arrive('192.0.2.2', 2);
    expect(refused).toEqual([
      'Too many sessions from one address: the limit is 1',
      'Too many sessions: the limit is 2',
    ]);
    admission.leave(first!);
    arrive('192.0.2.1');
    expect([admission.sessions, refused.length]).toEqual([2, 2]);
  });

  it('ends sessions without a HELLO of the address with the most, so that others are not excluded', () => {
    const { clock, admitted, cut, arrive } = newAdmission({ maxHalfOpen: 8 });
    arrive('192.0.2.1', 8);
    clock.increment(1_000);
    const [honest] = arrive('192.0.2.2');
    clock.increment(25);
    expect(admitted.at(-1)).toBe(honest);
    expect(cut).toEqual([
      '192.0.2.1:1 after 1 s: its address has the most half-open connections, and another one waits',
    ]);
  });

  it('releases waiting connections when it is cleared', () => {
    const { admission, clock, admitted, refused, arrive } = newAdmission({ maxHalfOpenPerAddress: 1 });
    const [slow] = arrive('192.0.2.1');
    clock.increment(1_000);
    const waiting = arrive('192.0.2.1', 2);
    expect(admission.clear()).toEqual(waiting);
    admission.leave(slow!);
    clock.increment(10_000);
    expect([admitted, refused]).toEqual([[slow], []]);
  });
});
