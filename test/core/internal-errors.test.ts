import { describe, expect, it } from '@jest/globals';

import { type Logger, silentLogger } from '../../src/core/ports.js';
import { MAX_INTERNAL_ERRORS } from '../../src/core/internal-errors.js';
import type { Statistics } from '../../src/core/system/statistics.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { type EncodedValue, encodeValue } from '../../src/protocol/values/encoded-value.js';
import { LiveSnapshot } from '../../src/actors/router/router-snapshot.js';
import { setUp as setUpRouter } from '../support/router-link.js';

const bug = new TypeError('a bug');

/** A value that throws when the router reads it, like a bug in an encoding. */
function brokenValue(): EncodedValue {
  const fail = (): never => {
    throw bug;
  };
  return Object.defineProperty(encodeValue(1), 'byteLength', { get: fail });
}

const set = (address: string, value = encodeValue(1), more: object = {}): Message => ({
  type: 'set',
  address,
  value,
  ...more,
});

interface Line {
  readonly fields: object;
  readonly message: string;
}

function setUp(): ReturnType<typeof setUpRouter> & { readonly lines: Line[]; readonly statistics: () => Statistics } {
  const lines: Line[] = [];
  const logger: Logger = { ...silentLogger, error: (fields, message) => void lines.push({ fields, message }) };
  const setup = setUpRouter(logger);
  const statistics = (): Statistics => LiveSnapshot.router(setup.router.getSnapshot())!.statistics();
  return { ...setup, lines, statistics };
}

describe('an internal error while a message is handled', () => {
  it('aborts that message: ERROR 500 with its address to its sender, and the next ones of the same read are handled', () => {
    const { connect, lines, statistics } = setUp();
    const [sender, bystander] = [connect(), connect()];
    sender.send(set('/a'), set('/b', brokenValue()), set('/c'));
    expect(sender.read()).toMatchObject([
      { type: 'ack', address: '/a' },
      { type: 'error', code: 500, message: 'Internal error', address: '/b' },
      { type: 'ack', address: '/c' },
    ]);
    expect(sender.session.phase).toBe('active');
    bystander.send(set('/d'));
    expect(bystander.read()).toMatchObject([{ type: 'ack', address: '/d' }]);
    expect(lines).toEqual([
      { fields: { err: bug, work: 'set', session: sender.session.id }, message: 'internal error in the router' },
    ]);
    expect(statistics().totals.internalErrors).toBe(1);
  });

  it('closes a session that causes 10 of them within 10 s, and no other', () => {
    const { connect, statistics } = setUp();
    const [sender, bystander] = [connect(), connect()];
    for (let i = 1; i < MAX_INTERNAL_ERRORS; i++) sender.send(set('/a', brokenValue()));
    expect(sender.session.phase).toBe('active');
    expect(sender.read()).toHaveLength(MAX_INTERNAL_ERRORS - 1);
    sender.send(set('/a', brokenValue()), set('/a', brokenValue()));
    expect(sender.events.at(-1)).toMatchObject({ type: 'end.failed', error: { code: 500 } });
    expect(statistics().totals.internalErrors).toBe(MAX_INTERNAL_ERRORS); // the last message was not handled
    expect(bystander.session.phase).toBe('active');
  });

  it('closes no session that causes 9 of them in each 10 s', () => {
    const { connect, clock } = setUp();
    const sender = connect();
    for (let window = 0; window < 3; window++) {
      for (let i = 1; i < MAX_INTERNAL_ERRORS; i++) sender.send(set('/a', brokenValue()));
      clock.increment(10_001);
    }
    expect(sender.session.phase).toBe('active');
  });

  it('is logged once per second and message type, with the number of suppressed ones', () => {
    const { connect, clock, lines } = setUp();
    const [one, other] = [connect(), connect()];
    for (let i = 0; i < 3; i++) one.send(set('/a', brokenValue()));
    one.send({ type: 'publish', address: '/e', signal: 'event', value: brokenValue() });
    clock.increment(1_000);
    other.send(set('/a', brokenValue()));
    expect(lines.map(({ fields }) => fields)).toMatchObject([
      { work: 'set' },
      { work: 'publish' },
      { work: 'set', more: 2 },
    ]);
  });
});

describe('an internal error elsewhere', () => {
  it('in a write to one connection ends only its session, and the others receive their messages', () => {
    const { connect, lines } = setUp();
    const [broken, reader, sender] = [connect(), connect(), connect()];
    for (const link of [broken, reader]) link.send({ type: 'subscribe', id: 1, pattern: '/**' });
    for (const link of [broken, reader]) link.read();
    broken.writes.push = () => {
      throw bug;
    };
    sender.send(set('/a'));
    expect(reader.read()).toMatchObject([{ type: 'set', address: '/a' }]);
    expect(sender.read()).toMatchObject([{ type: 'ack' }]);
    expect(broken.events.at(-1)).toMatchObject({ type: 'end.failed' });
    expect(lines).toMatchObject([{ fields: { work: 'write', session: broken.session.id } }]);
  });

  it('while a session is closed does not keep its connection open', () => {
    const { connect, router } = setUp();
    const link = connect();
    link.writes.push = () => {
      throw bug;
    };
    const error = { code: 503, message: 'Overloaded' } as never; // sendError reads only these fields
    router.send({ type: 'session.closing', session: link.session, error, reason: { kind: 'overloaded', text: '' } });
    expect(link.closed).toMatchObject({ kind: 'overloaded' });
  });

  it('while a session is cleaned up releases its locks, and the router continues', () => {
    const { connect, router, lines } = setUp();
    const [gone, bystander] = [connect(), connect()];
    gone.send(set('/locked', encodeValue(1), { lock: true }));
    gone.send({ type: 'subscribe', id: 1, pattern: '/x' });
    Object.defineProperty(gone.session.holdings, 'subscriptions', {
      get() {
        throw bug;
      },
    });
    router.send({ type: 'session.closed', session: gone.session, departure: 'left' });
    bystander.send(set('/locked', encodeValue(2)));
    expect(bystander.read()).toMatchObject([{ type: 'ack', revision: 2 }]);
    expect(router.getSnapshot().status).toBe('active');
    expect(lines).toHaveLength(1);
  });
});
