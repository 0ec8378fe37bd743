import type { ActorRefFrom } from 'xstate';
import type { Feature } from '../../protocol/enumerations.js';
import type { RouterSession } from '../../core/session.js';
import type { SessionPhase } from '../../core/session-events.js';
import type { sessionMachine } from './session-machine.js';

/** Read-only view of a session, for the inspector. Counts are since it connected, unless stated otherwise. */
export interface SessionView {
  readonly id: string;
  /** Its machine, for observers. */
  readonly actor: ActorRefFrom<typeof sessionMachine>;
  /** The name in HELLO; empty before. */
  readonly name: string;
  readonly features: readonly Feature[];
  readonly transport: string;
  readonly remoteAddress: string;
  /** The subject of its token, and the token's name; nothing secret. */
  readonly subject: string | undefined;
  readonly tokenId: string | undefined;
  readonly phase: SessionPhase;
  /** When it entered this phase: Unix time in milliseconds, by the current protocol time. */
  readonly phaseSinceMs: number;
  /** When its connection was accepted. */
  readonly openedMs: number;
  /** When its last input was received. */
  readonly lastReceivedMs: number;
  readonly receivedMessages: number;
  readonly sentMessages: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly subscriptions: number;
  /** Bytes in its socket, and in its send queue. */
  readonly bufferedBytes: number;
  readonly queuedBytes: number;
  readonly queuedMessages: number;
  /** Messages lost because it was slow. */
  readonly droppedMessages: number;
  /** The last ERROR sent to the peer. */
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
