import type { RouterActorEvent } from '../router/router-actor-events.js';
import type { RouterSession } from '../../core/session.js';

/**
 * Probes: whether a peer that has sent nothing for a while is still connected. Everything received after a probe is an answer:
 * a message, a WebSocket pong, a QUIC acknowledgement. What the router sends proves nothing and never counts.
 */

/** The part of the router actor that sends PINGs. */
export interface PingSender {
  send(event: Extract<RouterActorEvent, { readonly type: 'session.probing' }>): void;
}

/**
 * Asks a session for a sign of life: by its transport if that has its own probe, else by a CLASP PING. Returns at once.
 * Repeated probes count from the first unanswered one. A session in this process is never probed, and one that is congested only
 * by its transport: a PING would wait behind its backlog.
 */
export function probe(session: RouterSession, router: PingSender, nowMicros: number): void {
  const { link } = session;
  if (link.deliver !== undefined || (link.probe === undefined && session.phase === 'congested')) return;
  if (session.probedMicros <= session.lastReceivedMicros) session.probedMicros = nowMicros;
  if (link.probe !== undefined) link.probe();
  else router.send({ type: 'session.probing', session });
}

/** Microseconds since the oldest unanswered probe; 0 if no probe is unanswered. */
export function unansweredMicros(session: RouterSession, nowMicros: number): number {
  return session.probedMicros > session.lastReceivedMicros ? nowMicros - session.probedMicros : 0;
}

/** Microseconds since the last sign of life. */
export function silentMicros(session: RouterSession, nowMicros: number): number {
  return nowMicros - session.lastReceivedMicros;
}

/**
 * Whether silence after a probe proves that the peer is lost: the transport answers by itself, or the peer has answered a PING
 * before. Some old clients never answer a PING. A congested session without a probe of its transport gets no PING.
 */
export function mustAnswer(session: RouterSession): boolean {
  if (session.link.probe !== undefined) return true;
  return session.answersPings && session.phase !== 'congested';
}
