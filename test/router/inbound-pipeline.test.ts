import { describe, expect, it } from '@jest/globals';
import { type Observable, Subject } from 'rxjs';
import { SimulatedClock } from 'xstate';
import type { InboundBatch, RouterActorEvent } from '../../src/actors/router/router-actor-events.js';
import { RouterSession } from '../../src/core/session.js';
import type { SessionEvent } from '../../src/core/session-events.js';
import { inboundPipeline } from '../../src/router/inbound-pipeline.js';
import { encodeFrame } from '../../src/protocol/frame.js';
import { type Connection, ConnectionLost, type InboundFrame } from '../../src/transports/transport.js';
import { recordingLogger } from '../actors/session/recording-logger.js';
import { turns } from '../support/inbox.js';
import { decodedFrames } from '../support/decoded-frames.js';

/** Events of the router actor and of sessions, in order. */
type Happening = RouterActorEvent | { readonly session: string; readonly told: SessionEvent };

function startPipeline(maxMessagesPerSecond = 0): {
  readonly happenings: Happening[];
  readonly logger: ReturnType<typeof recordingLogger>;
  readonly clock: SimulatedClock;
  attach(id: string): Subject<readonly InboundFrame[]>;
} {
  const happenings: Happening[] = [];
  const clock = new SimulatedClock();
  const logger = recordingLogger();
  const router = { send: (event: RouterActorEvent): void => void happenings.push(event) };
  const pipeline = inboundPipeline({ router, maxMessagesPerSecond, clock, logger });
  return {
    happenings,
    logger,
    clock,
    attach(id) {
      const batches$ = new Subject<readonly InboundFrame[]>();
      const connection = connectionOf(batches$);
      const notify = (told: SessionEvent): void => void happenings.push({ session: id, told });
      const limits = { maxQueueBytes: 65_536, maxQueueMessages: 1 };
      pipeline.attach(new RouterSession({ id, link: connection, notify, nowMicros: 0, ...limits }), connection);
      return batches$;
    },
  };
}

function connectionOf(batches$: Observable<readonly InboundFrame[]>): Connection {
  return {
    transport: 'test',
    remoteAddress: 'test',
    framing: 'raw',
    encoding: undefined,
    batches$,
    bufferedBytes: 0,
    drained$: new Subject<void>(),
    write: () => undefined,
    close: () => undefined,
    destroy: () => undefined,
  };
}

const ping = encodeFrame({ type: 'ping' });
const get = (address: string): Uint8Array => encodeFrame({ type: 'get', address });

/** Each batch as `session: types`. */
function summary(happenings: readonly Happening[]): readonly unknown[] {
  return happenings.map((happening) => {
    if ('told' in happening) return `${happening.session} ${happening.told.type}`;
    return happening.type === 'inbound.batch' ? happening.batches.map(describeBatch) : happening.type;
  });
}

function describeBatch({ session, frames }: InboundBatch): string {
  return `${session.id}: ${decodedFrames(frames)
    .map(({ message }) => message.type)
    .join(' ')}`;
}

describe('the inbound pipeline', () => {
  it('emits one event per turn with the input of all connections, in order of arrival', async () => {
    const { attach, happenings } = startPipeline();
    const [a, b] = [attach('a'), attach('b')];
    a.next([ping, get('/1')]);
    b.next([get('/2')]);
    a.next([get('/3')]);
    expect(happenings).toEqual([]);
    await turns();
    b.next([ping]);
    await turns();
    expect(summary(happenings)).toEqual([['a: ping get', 'b: get', 'a: get'], ['b: ping']]);
  });

  it('states when a frame was read, not when it was handled', async () => {
    const { attach, happenings, clock } = startPipeline();
    clock.set(1_000);
    attach('a').next([ping]);
    clock.set(5_000);
    await turns();
    expect(happenings).toMatchObject([{ type: 'inbound.batch', batches: [{ receivedMicros: 1_000_000 }] }]);
  });

  it('forwards signs of life, and malformed frames in order', async () => {
    const { attach, happenings } = startPipeline();
    attach('a').next([]);
    attach('b').next([ping, Uint8Array.of(1, 2, 3), ping]);
    await turns();
    expect(summary(happenings)).toEqual([['a: ', 'b: ping malformed ping']]);
  });

  it('notifies a session of the end of its connection after the router has received all earlier input', async () => {
    const { attach, happenings } = startPipeline();
    const [closing, breaking] = [attach('closing'), attach('breaking')];
    closing.next([ping]);
    closing.complete();
    breaking.next([ping]);
    breaking.error(new ConnectionLost('reset'));
    await turns();
    expect(summary(happenings)).toEqual([
      ['closing: ping', 'breaking: ping'],
      'closing connection.closed',
      'breaking connection.lost',
    ]);
  });

  it('continues for all other connections if one ends, breaks or causes an internal error', async () => {
    const { attach, happenings, logger } = startPipeline();
    const last = attach('last');
    attach('closing').complete();
    attach('breaking').error(new ConnectionLost('reset'));
    attach('buggy').error(new TypeError('bug'));
    last.next([ping]);
    await turns();
    const late = attach('late');
    late.next([ping]);
    await turns();
    expect(summary(happenings)).toEqual([
      ['last: ping'],
      'closing connection.closed',
      'breaking connection.lost',
      'buggy end.failed',
      ['late: ping'],
    ]);
    expect(logger.lines).toMatchObject([{ level: 'error', fields: { session: 'buggy' } }]);
  });

  it('limits the rate of each connection separately', async () => {
    const { attach, happenings } = startPipeline(2);
    const [flooding, calm] = [attach('flooding'), attach('calm')];
    flooding.next([ping, ping, ping]);
    calm.next([ping, ping]);
    await turns();
    expect(summary(happenings)).toEqual([['flooding: ping ping rateLimited', 'calm: ping ping']]);
  });
});
