import { assign, fromPromise, setup } from 'xstate';
import type { Feature } from '../../protocol/enumerations.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Grant } from '../../core/ports.js';
import { closeReason, type EndingEvent, endOf, endWithError } from './session-end.js';
import type { OverdueEvent, SessionEnd, SessionEvent, SessionPhase } from '../../core/session-events.js';
import type { SessionPort } from './session-port.js';

export interface SessionInput {
  readonly id: string;
  readonly transport: string;
  readonly remoteAddress: string;
  /** Milliseconds within which a peer must send HELLO. @default 10_000 */
  readonly helloDeadlineMs?: number | undefined;
  /** Milliseconds within which a peer must read its close message. @default 5_000 */
  readonly drainMs?: number | undefined;
  readonly port: SessionPort;
}

export interface SessionContext {
  readonly id: string;
  readonly transport: string;
  readonly remoteAddress: string;
  readonly helloDeadlineMs: number;
  readonly drainMs: number;
  readonly port: SessionPort;
  /** The name in HELLO. */
  readonly name: string;
  readonly features: readonly Feature[];
  /** The permissions of its token, on a router with authentication. */
  readonly grant: Grant | undefined;
  readonly congestion: {
    /** How often the session was congested. */
    readonly times: number;
    /** Last reported bytes in its socket and in its send queue. */
    readonly bufferedBytes: number;
    readonly queuedBytes: number;
    readonly queuedMessages: number;
    /** Messages lost since it connected. */
    readonly dropped: number;
  };
  /** Why the session ends, once that is known. */
  readonly end: SessionEnd | undefined;
}

/** Lifetime of one session. It receives a few actor events per minute; messages never pass through it. */
export const sessionMachine = setup({
  types: {
    context: {} as SessionContext,
    events: {} as SessionEvent,
    input: {} as SessionInput,
    output: {} as SessionEnd,
  },
  actors: {
    authenticate: fromPromise<Grant, { readonly port: SessionPort }>(({ input }) => input.port.authenticate()),
  },
  actions: {
    enterPhase: ({ context }, { phase }: { readonly phase: SessionPhase }) => {
      context.port.phaseChanged(phase);
    },
    setHelloDeadline: ({ context }, event: OverdueEvent) => {
      context.port.setDeadline(event, context.helloDeadlineMs);
    },
    setDrainLimit: ({ context }, event: OverdueEvent) => {
      context.port.setDeadline(event, context.drainMs);
    },
    keepHello: assign((_, { name, features }: { readonly name: string; readonly features: readonly Feature[] }) => ({
      name,
      features,
    })),
    keepGrant: assign({ grant: (_, { grant }: { readonly grant: Grant }) => grant }),
    reportEstablished: ({ context }) => {
      context.port.established(context.name, context.features, context.grant);
    },
    passGrant: ({ context }, { grant }: { readonly grant: Grant }) => {
      context.port.authenticated(grant);
    },
    countCongestion: assign({
      congestion: ({ context }, { bufferedBytes }: { readonly bufferedBytes: number }) => ({
        ...context.congestion,
        times: context.congestion.times + 1,
        bufferedBytes,
      }),
    }),
    noteCongestion: assign({
      congestion: ({ context }, figures: Partial<Omit<SessionContext['congestion'], 'times'>>) => ({
        ...context.congestion,
        ...figures,
      }),
    }),
    keepCause: assign({ end: (_, event: EndingEvent) => endOf(event) }),
    blameToken: assign({
      end: (_, { error }: { readonly error: unknown }) => endWithError('helloRefused', asClaspError(error)),
    }),
    blameSilence: assign({
      end: ({ context }) =>
        endWithError(
          'helloTimeout',
          new ClaspError(ErrorCode.Timeout, `no HELLO within ${context.helloDeadlineMs / 1000} s`),
        ),
    }),
    blameAuthenticator: assign({
      end: ({ context }) =>
        endWithError(
          'helloRefused',
          new ClaspError(
            ErrorCode.InternalError,
            `The token was not checked within ${context.helloDeadlineMs / 1000} s`,
          ),
        ),
    }),
    sendCloseReason: ({ context }) => {
      const end = context.end!; // every transition to draining sets its cause
      context.port.closing(end.error, closeReason(end));
    },
    dropConnection: ({ context }) => {
      context.port.destroy();
    },
  },
}).createMachine({
  id: 'session',
  context: ({ input }) => ({
    id: input.id,
    transport: input.transport,
    remoteAddress: input.remoteAddress,
    helloDeadlineMs: input.helloDeadlineMs ?? 10_000,
    drainMs: input.drainMs ?? 5_000,
    port: input.port,
    name: '',
    features: [],
    grant: undefined,
    congestion: { times: 0, bufferedBytes: 0, queuedBytes: 0, queuedMessages: 0, dropped: 0 },
    end: undefined,
  }),
  // Actor events that can occur in any state.
  on: {
    'end.*': { target: '.draining', actions: { type: 'keepCause', params: ({ event }) => event } },
    'connection.closed': { target: '.closed', actions: { type: 'keepCause', params: ({ event }) => event } },
    'connection.lost': { target: '.closed', actions: { type: 'keepCause', params: ({ event }) => event } },
  },
  initial: 'connecting',
  states: {
    connecting: {
      entry: { type: 'enterPhase', params: { phase: 'connecting' } },
      on: {
        'connection.admitted': 'awaitingHello',
        'connection.refused': { target: 'draining', actions: { type: 'keepCause', params: ({ event }) => event } },
      },
    },
    awaitingHello: {
      entry: [
        { type: 'enterPhase', params: { phase: 'awaitingHello' } },
        { type: 'setHelloDeadline', params: { type: 'hello.overdue' } },
      ],
      on: {
        'hello.accepted': {
          target: 'active',
          actions: [{ type: 'keepHello', params: ({ event }) => event }, 'reportEstablished'],
        },
        'hello.received': {
          target: 'authenticating',
          actions: { type: 'keepHello', params: ({ event }) => event },
        },
        'hello.refused': { target: 'draining', actions: { type: 'keepCause', params: ({ event }) => event } },
        'hello.overdue': { target: 'draining', actions: 'blameSilence' },
      },
    },
    authenticating: {
      entry: [
        { type: 'enterPhase', params: { phase: 'authenticating' } },
        { type: 'setHelloDeadline', params: { type: 'token.overdue' } },
      ],
      invoke: {
        id: 'authenticate',
        src: 'authenticate',
        input: ({ context }) => ({ port: context.port }),
        onDone: {
          target: 'active',
          actions: [
            { type: 'keepGrant', params: ({ event }) => ({ grant: event.output }) },
            'reportEstablished',
            { type: 'passGrant', params: ({ event }) => ({ grant: event.output }) },
          ],
        },
        onError: { target: 'draining', actions: { type: 'blameToken', params: ({ event }) => event } },
      },
      on: {
        // More frames arrived than can wait for the token check.
        'hello.refused': { target: 'draining', actions: { type: 'keepCause', params: ({ event }) => event } },
        'token.overdue': { target: 'draining', actions: 'blameAuthenticator' },
      },
    },
    active: {
      entry: { type: 'enterPhase', params: { phase: 'active' } },
      on: {
        'connection.congested': {
          target: 'congested',
          actions: { type: 'countCongestion', params: ({ event }) => event },
        },
      },
    },
    congested: {
      entry: { type: 'enterPhase', params: { phase: 'congested' } },
      on: {
        'connection.congested': {
          actions: {
            type: 'noteCongestion',
            params: ({ event: { bufferedBytes } }) => ({ bufferedBytes }),
          },
        },
        'messages.dropped': {
          actions: {
            type: 'noteCongestion',
            params: ({ event: { dropped, queuedBytes, queuedMessages } }) => ({ dropped, queuedBytes, queuedMessages }),
          },
        },
        'connection.drained': {
          target: 'active',
          actions: { type: 'noteCongestion', params: { bufferedBytes: 0, queuedBytes: 0, queuedMessages: 0 } },
        },
      },
    },
    draining: {
      entry: [
        { type: 'enterPhase', params: { phase: 'draining' } },
        { type: 'setDrainLimit', params: { type: 'drain.overdue' } },
        'sendCloseReason',
      ],
      on: {
        'connection.closed': 'closed',
        'connection.lost': 'closed',
        'drain.overdue': { target: 'closed', actions: 'dropConnection' },
        // The first cause applies. Later failures change nothing.
        '*': {},
      },
    },
    closed: {
      entry: { type: 'enterPhase', params: { phase: 'closed' } },
      type: 'final',
    },
  },
  output: ({ context }) => context.end!, // every transition to closed has a cause
});

/** Any error other than a ClaspError is internal. The peer gets no details. */
function asClaspError(error: unknown): ClaspError {
  return error instanceof ClaspError
    ? error
    : new ClaspError(ErrorCode.InternalError, 'Internal error', { cause: error });
}
