import { afterEach, describe, expect, it } from '@jest/globals';
import { type Actor, type AnyActorRef, createActor, waitFor } from 'xstate';
import type { SessionEvent } from '../../src/core/session-events.js';
import { type ClaspEvent, type ClaspInput } from '../../src/embed/index.js';
import { ClaspError, ErrorCode } from '../../src/protocol/errors.js';
import { claspIn, host, told } from './hosts.js';

let started: Actor<typeof host> | undefined;
afterEach(() => {
  started?.stop();
});

interface Line {
  readonly level: string;
  readonly message: string;
}

async function start(input: ClaspInput = {}): Promise<{ actor: Actor<typeof host>; lines: Line[] }> {
  const lines: Line[] = [];
  const log = (level: string) => (_: object, message: string) => void lines.push({ level, message });
  const logger = { debug: () => undefined, info: () => undefined, warn: log('warn'), error: log('error') };
  const ids = ['first', 'second', 'third'];
  const newId = (): string => ids.shift() ?? 'one more';
  const actor = createActor(host, { input: { logger, newId, ...input } }).start();
  started = actor;
  await heard(actor, (events) => told(events, 'clasp.listening').length > 0);
  return { actor, lines };
}

function heard(actor: Actor<typeof host>, enough: (events: readonly ClaspEvent[]) => boolean): Promise<unknown> {
  return waitFor(actor, ({ context }) => enough(context.heard), { timeout: Infinity });
}

/** Ends a session as the router itself does. */
function end(actor: Actor<typeof host>, id: string, event: SessionEvent): void {
  const session = actor.system.get(`session:${id}`) as AnyActorRef | undefined; // undefined if no actor has this id
  if (session === undefined) throw new Error(`there is no session ${id}`);
  session.send(event);
}

function error(code: ErrorCode, text = 'for a test'): ClaspError {
  return new ClaspError(code, text);
}

const endings: readonly SessionEvent[] = [
  { type: 'end.failed', error: error(ErrorCode.InternalError) },
  { type: 'end.queueOverflowed', error: error(ErrorCode.Overloaded) },
  { type: 'end.budgetExceeded', error: error(ErrorCode.Overloaded) },
  { type: 'end.idled', error: error(ErrorCode.Timeout) },
  { type: 'end.protocolViolated', error: error(ErrorCode.InvalidMessage) },
  { type: 'end.grantEnded', error: error(ErrorCode.TokenExpired) },
  { type: 'end.grantEnded', error: error(ErrorCode.Forbidden) },
];

describe('the session of the actor', () => {
  it.each(endings)('is reopened with its subscriptions after $type $error.code', async (ending) => {
    const { actor, lines } = await start({ subscribe: ['/faders/*', { pattern: '/cue', id: 'cues' }] });
    const clasp = claspIn(actor);
    end(actor, 'first', ending);
    while (actor.system.get('session:second') === undefined) await new Promise((resolve) => setImmediate(resolve));
    clasp.send({ type: 'clasp.set', address: '/faders/2', value: 0.7 });
    await heard(actor, (events) => told(events, 'clasp.param').some(({ address }) => address === '/faders/2'));
    const guest = await clasp.getSnapshot().context.router.connect({ name: 'guest' });
    guest.emit('/cue', 'go');
    await heard(actor, (events) => told(events, 'clasp.signal').length > 0);
    const { heard: events } = actor.getSnapshot().context;
    expect(told(events, 'clasp.signal')).toMatchObject([{ subscription: 'cues', signal: { value: 'go' } }]);
    // It does not report its own sessions.
    expect(told(events, 'clasp.session.opened')).toMatchObject([{ name: 'guest' }]);
    expect(told(events, 'clasp.session.closed')).toEqual([]);
    expect(clasp.getSnapshot().value).toBe('running');
    expect(lines.filter(({ level }) => level === 'warn').at(-1)?.message).toMatch(
      /^the session of the router's actor was closed; (it is opened again|another one is opened)$/,
    );
  });

  it('handles requests that arrived while it was closed in order when it is open again', async () => {
    const { actor } = await start({ subscribe: ['/a'] });
    const clasp = claspIn(actor);
    end(actor, 'first', endings[0]!);
    while (actor.system.get('session:first') !== undefined) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve)); // the client is notified at the end of the turn
    for (const value of [1, 2, 3]) clasp.send({ type: 'clasp.set', address: '/a', value });
    await heard(actor, (events) => told(events, 'clasp.param').at(-1)?.value === 3);
    const refused = told(actor.getSnapshot().context.heard, 'clasp.refused');
    // The reason of the close, without a request.
    expect(refused).toMatchObject([{ request: undefined, error: { code: 500 } }]);
  });

  it('does not prevent a stop of the router while it is closed', async () => {
    const { actor } = await start();
    end(actor, 'first', endings[0]!);
    claspIn(actor).send({ type: 'clasp.stop' });
    await waitFor(actor, (snapshot) => snapshot.matches('ended'), { timeout: Infinity });
    expect(told(actor.getSnapshot().context.heard, 'clasp.stopped')).toHaveLength(1);
  });
});
