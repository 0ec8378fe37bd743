import { describe, expect, it } from '@jest/globals';
import { type Actor, createActor, SimulatedClock } from 'xstate';
import { listenerMachine } from '../../../src/actors/listener/listener-machine.js';
import { memoryLink } from '../../../src/transports/memory/index.js';
import type { Connection } from '../../../src/transports/transport.js';
import { TransportError } from '../../../src/net/transport-error.js';
import { recordingLogger } from '../session/recording-logger.js';
import { type FakeListener, type FakeTransport, fakeTransport, settled } from './fake-transport.js';

interface ListenerUnderTest {
  readonly actor: Actor<typeof listenerMachine>;
  readonly transport: FakeTransport;
  readonly clock: SimulatedClock;
  readonly accepted: readonly Connection[];
  readonly logger: ReturnType<typeof recordingLogger>;
}

function startListener(): ListenerUnderTest {
  const transport = fakeTransport();
  const clock = new SimulatedClock();
  const accepted: Connection[] = [];
  const logger = recordingLogger();
  const accept = (connection: Connection): void => void accepted.push(connection);
  const actor = createActor(listenerMachine, { clock, input: { transport, accept, logger } });
  actor.start();
  return { actor, transport, clock, accepted, logger };
}

async function startListening(): Promise<ListenerUnderTest & { readonly listener: FakeListener }> {
  const started = startListener();
  const listener = started.transport.open();
  await settled();
  return { ...started, listener };
}

describe('a listener that opens', () => {
  it('states its addresses, in its context and in the log', async () => {
    const { actor, logger } = await startListening();
    expect(actor.getSnapshot().value).toEqual({ open: 'listening' });
    expect(actor.getSnapshot().context.addresses).toMatchObject([{ url: 'fake://fake:1' }]);
    expect(logger.lines).toMatchObject([{ level: 'info', message: 'listening on fake://fake:1' }]);
  });

  it('passes on each connection without a machine transition', async () => {
    const { actor, listener, accepted } = await startListening();
    const before = actor.getSnapshot();
    const { server } = memoryLink();
    listener.connections$.next(server);
    expect(accepted).toEqual([server]);
    expect(actor.getSnapshot()).toBe(before);
  });
});

describe('a listener that fails to open', () => {
  it('ends at once with the error, because its requester waits', async () => {
    const { actor, transport, clock } = startListener();
    transport.refuse(new TransportError('port 7330 is already in use'));
    await settled();
    expect(actor.getSnapshot()).toMatchObject({ value: 'failed', status: 'done' });
    expect(actor.getSnapshot().output?.error?.message).toBe('port 7330 is already in use');
    clock.increment(60_000);
    expect(transport.attempts()).toBe(1);
  });
});

describe('an open listener that fails', () => {
  it('is opened again after 1 s, and after twice as long for each failure, at most 30 s', async () => {
    const { actor, transport, clock, listener } = await startListening();
    listener.connections$.error(new Error('the network cable is out'));
    const waits: number[] = [];
    for (let round = 0; round < 7; round++) {
      expect(actor.getSnapshot().value).toBe('backingOff');
      const attempts = transport.attempts();
      let waited = 0;
      while (transport.attempts() === attempts) {
        clock.increment(500);
        waited += 500;
      }
      waits.push(waited);
      transport.refuse();
      await settled();
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('accepts again after reopening, and restarts its failure count', async () => {
    const { actor, transport, clock, listener, accepted } = await startListening();
    listener.connections$.error(new Error('broken'));
    clock.increment(1_000);
    const again = transport.open();
    await settled();
    const { server } = memoryLink();
    again.connections$.next(server);
    expect(accepted).toEqual([server]);
    expect(actor.getSnapshot().context).toMatchObject({ faults: 0, addresses: again.addresses });
  });

  it('has no addresses in the meantime, and the failed transport listener is closed', async () => {
    const { actor, listener } = await startListening();
    listener.connections$.error(new Error('broken'));
    expect(actor.getSnapshot().context.addresses).toEqual([]);
    expect(listener.closeCalls()).toBe(1);
  });

  it('is not reopened if it was closed in the meantime', async () => {
    const { actor, transport, clock, listener } = await startListening();
    listener.connections$.error(new Error('broken'));
    actor.send({ type: 'listener.closing' });
    clock.increment(60_000);
    expect(actor.getSnapshot()).toMatchObject({ value: 'closed', output: { error: undefined } });
    expect(transport.attempts()).toBe(1);
  });
});

describe('closing', () => {
  it('completes when the port is free, and not before', async () => {
    const { actor, listener } = await startListening();
    actor.send({ type: 'listener.closing' });
    await settled();
    expect(actor.getSnapshot().value).toEqual({ open: 'closing' });
    listener.finishClosing();
    await settled();
    expect(actor.getSnapshot()).toMatchObject({ value: 'closed', status: 'done', output: { error: undefined } });
    expect(listener.closeCalls()).toBe(1);
  });

  it('still accepts a connection that was being established', async () => {
    const { actor, listener, accepted } = await startListening();
    actor.send({ type: 'listener.closing' });
    const { server } = memoryLink();
    listener.connections$.next(server);
    expect(accepted).toEqual([server]);
  });

  it('waits for the result of an opening listener, and then closes it', async () => {
    const { actor, transport } = startListener();
    actor.send({ type: 'listener.closing' });
    const listener = transport.open();
    await settled();
    expect(listener.closeCalls()).toBe(1);
    listener.finishClosing();
    await settled();
    expect(actor.getSnapshot().value).toBe('closed');
  });

  it('completes its stop if an opening listener fails to open', async () => {
    const { actor, transport } = startListener();
    actor.send({ type: 'listener.closing' });
    transport.refuse();
    await settled();
    expect(actor.getSnapshot().value).toBe('closed');
  });

  it('completes also if the transport closes the listener by itself', async () => {
    const { actor, listener } = await startListening();
    listener.finishClosing();
    await settled();
    expect(actor.getSnapshot().value).toBe('closed');
  });

  it('survives a transport that cannot close, and logs it', async () => {
    const { actor, listener, logger } = await startListening();
    listener.close = () => Promise.reject(new Error('stuck'));
    actor.send({ type: 'listener.closing' });
    await settled();
    expect(actor.getSnapshot().value).toBe('closed');
    expect(logger.lines.at(-1)).toMatchObject({ level: 'warn', message: 'a listener did not close as it should' });
  });
});

describe('a stopped listener actor', () => {
  it('closes its transport listener', async () => {
    const { actor, listener } = await startListening();
    actor.stop();
    expect(listener.closeCalls()).toBe(1);
  });

  it('closes a transport listener that opens only afterwards', async () => {
    const { actor, transport } = startListener();
    actor.stop();
    const listener = transport.open();
    await settled();
    expect(listener.closeCalls()).toBe(1);
  });
});
