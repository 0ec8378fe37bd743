import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { type Actor, createActor, SimulatedClock } from 'xstate';
import { FaultLog } from '../../../src/actors/listener/rejection-log.js';
import { listenerMachine } from '../../../src/actors/listener/listener-machine.js';
import type { RejectedConnection } from '../../../src/net/rejected-connections.js';
import { recordingLogger } from '../session/recording-logger.js';
import { type FakeListener, fakeTransport, settled } from './fake-transport.js';

interface DoorUnderTest {
  readonly actor: Actor<typeof listenerMachine>;
  readonly listener: FakeListener;
  readonly clock: SimulatedClock;
  readonly rejected$: Subject<RejectedConnection>;
  /** Log lines about rejected connections. */
  readonly told: () => readonly string[];
  readonly logger: ReturnType<typeof recordingLogger>;
}

async function openDoor(): Promise<DoorUnderTest> {
  const transport = fakeTransport();
  const clock = new SimulatedClock();
  const logger = recordingLogger();
  const rejected$ = new Subject<RejectedConnection>();
  const actor = createActor(listenerMachine, { clock, input: { transport, accept: () => undefined, logger, clock } });
  actor.start();
  const listener = Object.assign(transport.open(), { rejected$ });
  await settled();
  const told = (): readonly string[] =>
    logger.lines
      .filter(({ level }) => level === 'warn')
      .map(({ message }) => message.replace('connection rejected: ', ''));
  return { actor, listener, clock, rejected$, told, logger };
}

function fault(text: string, kind: RejectedConnection['kind'] = 'handshake'): RejectedConnection {
  return { kind, remoteAddress: `192.0.2.7:${text.length}`, text };
}

describe('a rejected connection', () => {
  it('is logged at once, with reason, listener and source', async () => {
    const { rejected$, logger } = await openDoor();
    rejected$.next({ kind: 'timeout', remoteAddress: '192.0.2.7:50000', text: 'no TLS handshake within 10 s' });
    expect(logger.lines.at(-1)).toEqual({
      level: 'warn',
      message: 'connection rejected: no TLS handshake within 10 s',
      fields: { transport: 'fake', url: 'fake://fake:1', fault: 'timeout', remoteAddress: '192.0.2.7:50000' },
    });
  });

  it('causes at most one line per second and kind, with the last one and the number of the others', async () => {
    const { rejected$, clock, told, logger } = await openDoor();
    for (let i = 0; i < 314; i++) rejected$.next(fault(`a${i}`));
    expect(told()).toEqual(['a0']);
    clock.increment(999);
    expect(told()).toEqual(['a0']);
    clock.increment(1);
    expect(told()).toEqual(['a0', 'a313, and 312 more']);
    expect(logger.lines.at(-1)).toMatchObject({ fields: { more: 312, remoteAddress: '192.0.2.7:4' } });
    rejected$.next(fault('b'));
    expect(told()).toHaveLength(2); // the second line has its own second
    clock.increment(1_000);
    expect(told().slice(2)).toEqual(['b']);
  });

  it('is logged independently of other kinds', async () => {
    const { rejected$, clock, told } = await openDoor();
    rejected$.next(fault('a'));
    for (const kind of ['timeout', 'refused', 'unsolicited'] as const) rejected$.next(fault(kind, kind));
    rejected$.next(fault('again', 'unsolicited'));
    expect(told()).toEqual(['a', 'timeout', 'refused', 'unsolicited']);
    clock.increment(1_000);
    expect(told().slice(4)).toEqual(['again']);
  });

  it('is logged at once again after a second without any, when no timer runs', async () => {
    const { rejected$, clock, told } = await openDoor();
    rejected$.next(fault('a'));
    clock.increment(1_000);
    const timers = pendingTimers(clock);
    clock.increment(5_000);
    rejected$.next(fault('b'));
    expect(told()).toEqual(['a', 'b']);
    expect(timers).toBe(0);
  });

  it.each(['stopped', 'told to close'] as const)('is counted completely when the listener is %s', async (how) => {
    const { actor, listener, rejected$, clock, told } = await openDoor();
    for (let i = 0; i < 5; i++) rejected$.next(fault(`a${i}`));
    rejected$.next(fault('b', 'unsolicited'));
    if (how === 'stopped') actor.stop();
    else {
      actor.send({ type: 'listener.closing' });
      rejected$.next(fault('late'));
      listener.finishClosing();
      await settled();
      expect(actor.getSnapshot().value).toBe('closed');
    }
    expect(told()).toEqual(['a0', 'b', how === 'stopped' ? 'a4, and 3 more' : 'late, and 4 more']);
    expect(pendingTimers(clock)).toBe(0);
    clock.increment(10_000);
    rejected$.next(fault('nobody hears'));
    expect(told()).toHaveLength(3);
  });

  it('does not keep the process alive for a line', () => {
    let unrefs = 0;
    const clock = { now: () => 0, clearTimeout: () => undefined, setTimeout: () => ({ unref: () => unrefs++ }) };
    const log = new FaultLog({ transport: '', url: '', clock, logger: recordingLogger() });
    log.add(fault('a'));
    expect(unrefs).toBe(1);
  });

  it('is not read if its line is suppressed', async () => {
    const { rejected$, told } = await openDoor();
    rejected$.next(fault('a'));
    let looks = 0;
    const watched = { kind: 'handshake', text: 'b', get remoteAddress() { return String(looks++); } } as const; // prettier-ignore
    for (let i = 0; i < 100; i++) rejected$.next(watched);
    expect(looks).toBe(0);
    expect(told()).toEqual(['a']);
  });

  it('does not cause a failure if it is the last one', async () => {
    const { actor, rejected$, told } = await openDoor();
    rejected$.error(new Error('no more of that'));
    expect(actor.getSnapshot().value).toEqual({ open: 'listening' });
    expect(told()).toEqual([]);
  });
});

/** Pending timers. A simulated clock keeps them in a field that its types hide. */
function pendingTimers(clock: SimulatedClock): number {
  return (clock as unknown as { readonly timeouts: ReadonlyMap<number, unknown> }).timeouts.size;
}
