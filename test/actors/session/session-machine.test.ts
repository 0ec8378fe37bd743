import { describe, expect, it } from '@jest/globals';
import type { SessionEnd, SessionEvent } from '../../../src/core/session-events.js';
import { ClaspError, ErrorCode } from '../../../src/protocol/errors.js';
import { ConnectionLost } from '../../../src/transports/transport.js';
import type { CloseReason } from '../../../src/util/close-reason.js';
import { grant, startSession, tokenIsBad, tokenIsGood } from './session-under-test.js';

const admitted: SessionEvent = { type: 'connection.admitted' };
const accepted: SessionEvent = { type: 'hello.accepted', name: 'Lighting desk', features: ['param'] };
const congested: SessionEvent = { type: 'connection.congested', bufferedBytes: 2_000_000 };

function error(code: ErrorCode, text = 'because'): ClaspError {
  return new ClaspError(code, text);
}

describe('a session without errors', () => {
  it('is admitted, receives HELLO, becomes congested, recovers and ends', () => {
    const { actor, calls } = startSession();
    for (const event of [admitted, accepted, congested, { type: 'connection.drained' } as const]) actor.send(event);
    actor.send({ type: 'connection.closed' });
    expect(calls).toEqual([
      { call: 'phaseChanged', phase: 'connecting' },
      { call: 'phaseChanged', phase: 'awaitingHello' },
      { call: 'established', name: 'Lighting desk' },
      { call: 'phaseChanged', phase: 'active' },
      { call: 'phaseChanged', phase: 'congested' },
      { call: 'phaseChanged', phase: 'active' },
      { call: 'phaseChanged', phase: 'closed' },
    ]);
    expect(actor.getSnapshot().output).toEqual({ kind: 'left', text: 'The peer closed the connection' });
  });

  it('ends by the peer’s close message: the router flushes and closes, however the connection ends', () => {
    const { actor, calls } = startSession();
    for (const event of [admitted, accepted, { type: 'end.closeReceived' } as const]) actor.send(event);
    actor.send({ type: 'connection.lost', error: new ConnectionLost('the peer ended the connection') });
    expect(calls.slice(-3)).toEqual([
      { call: 'phaseChanged', phase: 'draining' },
      { call: 'closing', error: undefined, reason: { kind: 'normal', text: 'The peer closed the session' } },
      { call: 'phaseChanged', phase: 'closed' },
    ]);
    expect(actor.getSnapshot().output).toEqual({ kind: 'left', text: 'The peer closed the session' });
  });

  it('keeps the fields of HELLO, and how often and how far it was congested', () => {
    const { actor } = startSession();
    for (const event of [admitted, accepted, congested, { type: 'connection.drained' } as const, congested]) {
      actor.send(event);
    }
    actor.send({ type: 'connection.congested', bufferedBytes: 3_000_000 });
    const { name, features, congestion } = actor.getSnapshot().context;
    expect({ name, features, congestion }).toEqual({
      name: 'Lighting desk',
      features: ['param'],
      congestion: { times: 2, bufferedBytes: 3_000_000, queuedBytes: 0, queuedMessages: 0, dropped: 0 },
    });
  });

  it('shows queued and lost messages while it is congested, and no queued ones afterwards', () => {
    const { actor } = startSession();
    for (const event of [admitted, accepted, congested]) actor.send(event);
    actor.send({ type: 'messages.dropped', dropped: 100, queuedBytes: 5_000, queuedMessages: 7 });
    const figures = { times: 1, bufferedBytes: 2_000_000, queuedBytes: 5_000, queuedMessages: 7, dropped: 100 };
    expect(actor.getSnapshot().context.congestion).toEqual(figures);
    actor.send({ type: 'connection.drained' });
    const well = { times: 1, bufferedBytes: 0, queuedBytes: 0, queuedMessages: 0, dropped: 100 };
    expect(actor.getSnapshot().context.congestion).toEqual(well);
  });

  it('is active before the accepting call returns, so that WELCOME is not delayed', () => {
    const session = startSession();
    session.actor.send(admitted);
    session.actor.send(accepted);
    expect(session.phase()).toBe('active');
  });
});

describe('a session with a token', () => {
  const received: SessionEvent = { type: 'hello.received', name: 'Lighting desk', features: ['param'] };

  it('is in its own state during the token check, and then active with the permissions of the token', () => {
    const { actor, phase } = startSession();
    actor.send(admitted);
    actor.send(received);
    expect(phase()).toBe('authenticating');
    actor.send(tokenIsGood);
    expect(phase()).toBe('active');
    expect(actor.getSnapshot().context).toMatchObject({ name: 'Lighting desk', grant });
  });

  it('passes the grant to the core once, after it was reported and before the session is active', () => {
    const { actor, calls } = startSession();
    for (const event of [admitted, received, tokenIsGood]) actor.send(event);
    for (const event of [congested, { type: 'connection.drained' } as const]) actor.send(event);
    expect(calls.slice(2)).toEqual([
      { call: 'phaseChanged', phase: 'authenticating' },
      { call: 'established', name: 'Lighting desk' },
      { call: 'authenticated', grant },
      { call: 'phaseChanged', phase: 'active' },
      { call: 'phaseChanged', phase: 'congested' },
      { call: 'phaseChanged', phase: 'active' },
    ]);
  });

  it.each([
    [
      new ClaspError(ErrorCode.Unauthorized, 'Invalid token: token not found'),
      'Invalid token: token not found',
      'policy',
    ],
    [new ClaspError(ErrorCode.TokenExpired, 'Token has expired'), 'Token has expired', 'policy'],
    [new Error('password=secret'), 'Internal error', 'internal'],
  ])('gets the reason for a refusal, and no details of internal errors: %s', (fault, text, kind) => {
    const { actor, calls } = startSession();
    actor.send(admitted);
    actor.send(received);
    actor.send(tokenIsBad(fault));
    expect(calls.at(-1)).toMatchObject({ call: 'closing', error: { message: text }, reason: { kind, text } });
  });

  it('waits for the authenticator no longer than for a HELLO', () => {
    const { actor, clock, phase } = startSession();
    actor.send(admitted);
    clock.increment(9_000);
    actor.send(received);
    clock.increment(9_999);
    expect(phase()).toBe('authenticating');
    clock.increment(1);
    expect(actor.getSnapshot().context.end?.error).toMatchObject({ code: ErrorCode.InternalError });
  });

  it('gets an ERROR when its token becomes invalid, and is closed', () => {
    const { actor, calls } = startSession();
    for (const event of [admitted, received, tokenIsGood]) actor.send(event);
    actor.send({ type: 'end.grantEnded', error: new ClaspError(ErrorCode.TokenExpired, 'Token was revoked') });
    expect(calls.at(-1)).toMatchObject({ error: { code: 302 }, reason: { kind: 'policy', text: 'Token was revoked' } });
  });
});

describe('the HELLO deadline', () => {
  it('ends a session that sends nothing for 10 s with ERROR 502', () => {
    const { actor, clock, calls } = startSession();
    actor.send(admitted);
    clock.increment(9_999);
    expect(actor.getSnapshot().value).toBe('awaitingHello');
    clock.increment(1);
    expect(actor.getSnapshot().value).toBe('draining');
    expect(calls.at(-1)).toMatchObject({
      call: 'closing',
      error: { code: 502, message: 'no HELLO within 10 s' },
      reason: { kind: 'policy', text: 'no HELLO within 10 s' },
    });
  });

  it('has no effect on a session that has sent HELLO', () => {
    const { actor, clock } = startSession();
    actor.send(admitted);
    actor.send(accepted);
    clock.increment(3_600_000);
    expect(actor.getSnapshot().value).toBe('active');
  });
});

describe('every end caused by the router', () => {
  const rows: readonly {
    readonly when: string;
    readonly before: readonly SessionEvent[];
    readonly event: SessionEvent;
    readonly kind: SessionEnd['kind'];
    readonly close: CloseReason['kind'];
    readonly code: number | undefined;
  }[] = [
    {
      when: 'there is no room',
      before: [],
      event: { type: 'connection.refused', error: error(ErrorCode.Overloaded) },
      kind: 'refused',
      close: 'overloaded',
      code: 503,
    },
    {
      when: 'the first message is no HELLO',
      before: [admitted],
      event: { type: 'hello.refused', error: error(ErrorCode.InvalidMessage) },
      kind: 'helloRefused',
      close: 'protocol',
      code: 101,
    },
    {
      when: 'the token is missing',
      before: [admitted],
      event: { type: 'hello.refused', error: error(ErrorCode.Unauthorized) },
      kind: 'helloRefused',
      close: 'policy',
      code: 300,
    },
    {
      when: 'the token does not cover this',
      before: [admitted],
      event: { type: 'hello.refused', error: error(ErrorCode.Forbidden) },
      kind: 'helloRefused',
      close: 'policy',
      code: 301,
    },
    {
      when: 'the token has expired',
      before: [admitted],
      event: { type: 'hello.refused', error: error(ErrorCode.TokenExpired) },
      kind: 'helloRefused',
      close: 'policy',
      code: 302,
    },
    {
      when: 'nobody can check the token',
      before: [admitted],
      event: { type: 'hello.refused', error: error(ErrorCode.InternalError) },
      kind: 'helloRefused',
      close: 'internal',
      code: 500,
    },
    {
      when: 'the protocol is broken again and again',
      before: [admitted, accepted],
      event: { type: 'end.protocolViolated', error: error(ErrorCode.InvalidFrame) },
      kind: 'violation',
      close: 'protocol',
      code: 100,
    },
    {
      when: 'the queue overflows',
      before: [admitted, accepted, congested],
      event: { type: 'end.queueOverflowed', error: error(ErrorCode.Overloaded) },
      kind: 'overflow',
      close: 'overloaded',
      code: 503,
    },
    {
      when: 'nothing has been said for too long',
      before: [admitted, accepted],
      event: { type: 'end.idled', error: error(ErrorCode.Timeout) },
      kind: 'idle',
      close: 'policy',
      code: 502,
    },
    {
      when: 'the router is at fault',
      before: [admitted, accepted],
      event: { type: 'end.failed', error: error(ErrorCode.InternalError) },
      kind: 'failure',
      close: 'internal',
      code: 500,
    },
    {
      when: 'the router stops',
      before: [admitted, accepted],
      event: { type: 'end.routerDraining' },
      kind: 'shutdown',
      close: 'goingAway',
      code: undefined,
    },
  ];

  it.each(rows)('states the reason when $when, and closes as $close', ({ before, event, kind, close, code }) => {
    const { actor, calls } = startSession();
    for (const earlier of before) actor.send(earlier);
    actor.send(event);
    const goodbye = calls.at(-1);
    expect(goodbye).toMatchObject({ call: 'closing', reason: { kind: close } });
    expect(goodbye?.call === 'closing' ? goodbye.error?.code : 'no goodbye').toBe(code);
    actor.send({ type: 'connection.closed' });
    expect(actor.getSnapshot().output?.kind).toBe(kind);
  });

  it('keeps the first reason', () => {
    const { actor, calls } = startSession();
    actor.send(admitted);
    actor.send(accepted);
    actor.send({ type: 'end.idled', error: error(ErrorCode.Timeout, 'Idle') });
    actor.send({ type: 'end.routerDraining' });
    actor.send({ type: 'end.queueOverflowed', error: error(ErrorCode.Overloaded) });
    actor.send({ type: 'connection.lost', error: new ConnectionLost('reset') });
    expect(calls.filter(({ call }) => call === 'closing')).toHaveLength(1);
    expect(actor.getSnapshot().output).toMatchObject({ kind: 'idle', text: 'Idle' });
  });

  it('destroys the connection of a peer that has not read its close message after 5 s', () => {
    const { actor, clock, calls } = startSession();
    actor.send(admitted);
    actor.send({ type: 'end.routerDraining' });
    clock.increment(4_999);
    expect(actor.getSnapshot().value).toBe('draining');
    clock.increment(1);
    expect(calls.slice(-2)).toEqual([{ call: 'destroy' }, { call: 'phaseChanged', phase: 'closed' }]);
    expect(actor.getSnapshot().output?.kind).toBe('shutdown');
  });

  it.each([
    ['x'.repeat(500), 120],
    ['ä'.repeat(500), 120],
    ['💡'.repeat(500), 120],
    [`${'x'.repeat(119)}💡`, 119],
  ])('truncates the text of a close to the size of a close frame, at the end of a character', (text, bytes) => {
    const { actor, calls } = startSession();
    actor.send({ type: 'connection.refused', error: error(ErrorCode.Overloaded, text) });
    const goodbye = calls.at(-1);
    const shortened = goodbye?.call === 'closing' ? goodbye.reason.text : '';
    expect(text.startsWith(shortened)).toBe(true);
    expect(Buffer.byteLength(shortened)).toBe(bytes);
    expect(Buffer.from(shortened).toString()).toBe(shortened);
  });
});

describe('a peer that disconnects', () => {
  it.each([
    ['connecting', []],
    ['awaitingHello', [admitted]],
    ['active', [admitted, accepted]],
    ['congested', [admitted, accepted, congested]],
  ] as const)('while %s gets no message', (state, before) => {
    const { actor, calls } = startSession();
    for (const event of before) actor.send(event);
    expect(actor.getSnapshot().value).toBe(state);
    actor.send({ type: 'connection.lost', error: new ConnectionLost('read ECONNRESET') });
    expect(calls.map(({ call }) => call)).not.toContain('closing');
    expect(calls.map(({ call }) => call)).not.toContain('destroy');
    expect(actor.getSnapshot().output).toEqual({ kind: 'lost', text: 'read ECONNRESET' });
  });
});
