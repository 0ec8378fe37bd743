import { type Actor, createActor, type InspectionEvent, SimulatedClock } from 'xstate';
import type { Grant } from '../../../src/core/ports.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import type { SessionEvent, SessionPhase } from '../../../src/core/session-events.js';
import { sessionMachine } from '../../../src/actors/session/session-machine.js';
import type { SessionLimitOptions } from '../../../src/actors/session/session-limits.js';
import type { SessionPort } from '../../../src/actors/session/session-port.js';
import type { ClaspError } from '../../../src/protocol/errors.js';
import type { CloseReason } from '../../../src/util/close-reason.js';

/** Effects of a session machine, in order. */
export type PortCall =
  | { readonly call: 'phaseChanged'; readonly phase: SessionPhase }
  | { readonly call: 'established'; readonly name: string }
  | { readonly call: 'authenticated'; readonly grant: Grant }
  | { readonly call: 'closing'; readonly error: ClaspError | undefined; readonly reason: CloseReason }
  | { readonly call: 'destroy' };

export interface SessionUnderTest {
  readonly actor: Actor<typeof sessionMachine>;
  readonly clock: SimulatedClock;
  readonly calls: PortCall[];
  /** The field that the machine must set. */
  phase(): SessionPhase | undefined;
}

/** Permissions of a token in session tests. */
export const grant: Grant = {
  tokenId: 'token-1',
  subject: 'desk',
  scopes: [{ action: 'read', pattern: parsePattern('/lights/**') }],
  constraints: [],
  expiresAtSeconds: undefined,
};

/** Results of the token check, as XState's events. The machine accepts them; its type of events does not list them. */
export const tokenIsGood = { type: 'xstate.done.actor.authenticate', output: grant } as unknown as SessionEvent;

export function tokenIsBad(error: unknown): SessionEvent {
  return { type: 'xstate.error.actor.authenticate', error } as unknown as SessionEvent;
}

/** No limits. */
export const unlimited: SessionLimitOptions & { readonly maxSessionsPerToken: number } = {
  maxSessions: 0,
  maxSessionsPerAddress: 0,
  maxSessionsPerToken: 0,
  maxHalfOpen: 0,
  maxHalfOpenPerAddress: 0,
};

/**
 * A session machine that runs on simulated time and records its effects. Its deadlines are enforced at once.
 *
 * @param logic the machine itself, or logic that must be equal to it
 */
export function startSession(logic = sessionMachine, inspect?: (event: InspectionEvent) => void): SessionUnderTest {
  const clock = new SimulatedClock();
  const calls: PortCall[] = [];
  const port = recordingPort(calls, (event, milliseconds) => {
    const { length } = calls.filter(({ call }) => call === 'phaseChanged');
    clock.setTimeout(() => {
      const isSameState = calls.filter(({ call }) => call === 'phaseChanged').length === length;
      if (isSameState) actor.send(event);
    }, milliseconds);
  });
  const actor = createActor(logic, {
    clock,
    ...(inspect && { inspect }),
    input: { id: 'session-1', transport: 'memory', remoteAddress: 'memory:1', port },
  });
  actor.start();
  return {
    actor,
    clock,
    calls,
    phase: () => calls.findLast((call) => call.call === 'phaseChanged')?.phase,
  };
}

export function recordingPort(
  calls: PortCall[],
  setDeadline: SessionPort['setDeadline'] = () => undefined,
): SessionPort {
  return {
    phaseChanged: (phase) => void calls.push({ call: 'phaseChanged', phase }),
    // The test sends the result: `xstate.done.actor.authenticate`.
    authenticate: () => new Promise(() => undefined),
    established: (name) => void calls.push({ call: 'established', name }),
    authenticated: (given) => void calls.push({ call: 'authenticated', grant: given }),
    closing: (error, reason) => void calls.push({ call: 'closing', error, reason }),
    setDeadline,
    destroy: () => void calls.push({ call: 'destroy' }),
  };
}
