import type { RouterActorEvent } from '../router/router-actor-events.js';
import type { RouterSession } from '../../core/session.js';

/**
 * Probes check whether a silent peer is still connected. Everything received after a probe is an answer: a message, a
 * WebSocket pong, a QUIC acknowledgment. Output of the router proves nothing and never counts.
 */

/** The part of the router actor that sends PINGs. */
export interface PingSender {
  send(event: Extract<RouterActorEvent, { readonly type: 'session.probing' }>): void;
}

/**
 * Probes a session: by its transport's own probe, otherwise by a CLASP PING. Returns at once. Repeated probes count
 * from the first unanswered one. An in-process session is never probed. A congested one is probed only by its
 * transport, because a PING would wait behind its send queue.
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

/** Microseconds since the last received input. */
export function silentMicros(session: RouterSession, nowMicros: number): number {
  return nowMicros - session.lastReceivedMicros;
}

/**
 * Whether silence after a probe proves that the peer is lost: its transport answers by itself, or the peer has answered
 * a PING before. Some old clients never answer a PING. A congested session gets no PING.
 */
export function mustAnswer(session: RouterSession): boolean {
  if (session.link.probe !== undefined) return true;
  return session.answersPings && session.phase !== 'congested';
}
