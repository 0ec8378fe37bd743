import type { ActorRefFrom } from 'xstate';
import type { Feature } from '../../protocol/enumerations.js';
import type { RouterSession } from '../../core/session.js';
import type { SessionPhase } from '../../core/session-events.js';
import type { sessionMachine } from './session-machine.js';

/** A session as somebody sees it who looks at the router from the side. Figures are since it came, unless said otherwise. */
export interface SessionView {
  readonly id: string;
  /** Its machine, to be watched. */
  readonly actor: ActorRefFrom<typeof sessionMachine>;
  /** From HELLO; empty before it. */
  readonly name: string;
  readonly features: readonly Feature[];
  readonly transport: string;
  readonly remoteAddress: string;
  /** Who its token was given to, and the name of the token; nothing secret. */
  readonly subject: string | undefined;
  readonly tokenId: string | undefined;
  readonly phase: SessionPhase;
  /** When it came into this phase: Unix time in milliseconds, by the protocol's time as it is now. */
  readonly phaseSinceMs: number;
  /** When it came through the door. */
  readonly openedMs: number;
  /** When it was last heard of. */
  readonly lastReceivedMs: number;
  readonly receivedMessages: number;
  readonly sentMessages: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly subscriptions: number;
  /** What its socket holds now, and what waits behind it. */
  readonly bufferedBytes: number;
  readonly queuedBytes: number;
  readonly queuedMessages: number;
  /** Messages it has lost by being slow. */
  readonly droppedMessages: number;
  /** The last ERROR it was sent. */
  readonly lastError: { readonly code: number; readonly text: string; readonly atMs: number } | undefined;
}

/**
 * @param actor its machine
 * @param aheadMicros microseconds by which the protocol's time is ahead of the monotonic clock
 */
export function viewSession(session: RouterSession, actor: SessionView['actor'], aheadMicros: number): SessionView {
  const { id, name, features, link, grant, phase, traffic, sendQueue, outbox, lastError } = session;
  return {
    id,
    actor,
    name,
    features,
    transport: link.transport,
    remoteAddress: link.remoteAddress,
    subject: grant?.subject,
    tokenId: grant?.tokenId,
    phase,
    phaseSinceMs: (session.phaseSinceMicros + aheadMicros) / 1_000,
    openedMs: (session.openedMicros + aheadMicros) / 1_000,
    lastReceivedMs: (session.lastReceivedMicros + aheadMicros) / 1_000,
    receivedMessages: traffic.receivedMessages,
    sentMessages: outbox.pushed + traffic.sentMessages,
    receivedBytes: traffic.receivedBytes,
    sentBytes: traffic.sentBytes,
    subscriptions: session.holdings.subscriptions,
    bufferedBytes: link.bufferedBytes,
    queuedBytes: sendQueue.bytes,
    queuedMessages: sendQueue.messages,
    droppedMessages: sendQueue.dropped,
    lastError: lastError && {
      code: lastError.code,
      text: lastError.text,
      atMs: (lastError.atMicros + aheadMicros) / 1_000,
    },
  };
}
