import type { Clock } from '../util/clock.js';
import { ClockWatch } from '../util/clock-watch.js';
import type { SessionView } from '../actors/session/session-view.js';
import type { SessionRow } from './feed.js';
import { repeat } from './repeat.js';
import type { RunningView, SendFeed } from './views.js';

/** Milliseconds between two samples of all sessions. */
const PERIOD_MS = 500;
/** Samples per rate: figures over half a second fluctuate too much. */
const LOOKS_IN_A_RATE = 2;

/** Recent counters of a session, oldest first. */
type Counters = { readonly atMs: number; readonly view: SessionView }[];

/**
 * Sends every session, and then the changes.
 *
 * @param countParams returns the number of params
 */
export function watchSessions(
  look: () => readonly SessionView[],
  countParams: () => number,
  clock: Clock,
  sendFeed: SendFeed,
): RunningView {
  const counters = new Map<string, Counters>();
  const sent = new Map<string, SessionRow>();
  return repeat(clock, PERIOD_MS, () => {
    const nowMs = clock.now();
    const rows: SessionRow[] = [];
    const removed = new Set(sent.keys());
    const views = look();
    for (const view of views) {
      removed.delete(view.id);
      const past = counters.get(view.id) ?? [];
      counters.set(view.id, past);
      const row = rowOf(view, past[0], nowMs);
      past.push({ atMs: nowMs, view });
      if (past.length > LOOKS_IN_A_RATE) past.shift();
      const before = sent.get(view.id);
      if (before !== undefined && isSame(before, row)) continue;
      sent.set(view.id, row);
      rows.push(row);
    }
    for (const id of removed) {
      sent.delete(id);
      counters.delete(id);
    }
    const protocolMs = ClockWatch.of(clock).protocolTimeOf(nowMs);
    sendFeed({
      type: 'sessions',
      nowMs: protocolMs,
      total: views.length,
      params: countParams(),
      rows,
      removed: [...removed],
    });
  });
}

function rowOf(view: SessionView, past: Counters[number] | undefined, nowMs: number): SessionRow {
  const seconds = past === undefined ? Infinity : Math.max(nowMs - past.atMs, 1) / 1_000;
  const rate = (now: number, before: number | undefined): number => Math.round((now - (before ?? now)) / seconds);
  const { subject, lastError } = view;
  return {
    id: view.id,
    actor: view.actor.sessionId,
    name: view.name,
    transport: view.transport,
    remoteAddress: view.remoteAddress,
    ...(subject !== undefined && { subject }),
    state: view.phase,
    sinceMs: view.phaseSinceMs,
    openedMs: view.openedMs,
    subscriptions: view.subscriptions,
    messagesIn: rate(view.receivedMessages, past?.view.receivedMessages),
    messagesOut: rate(view.sentMessages, past?.view.sentMessages),
    bytesIn: rate(view.receivedBytes, past?.view.receivedBytes),
    bytesOut: rate(view.sentBytes, past?.view.sentBytes),
    queueBytes: view.bufferedBytes + view.queuedBytes,
    dropped: view.droppedMessages,
    ...(lastError !== undefined && { lastError }),
  };
}

function isSame(one: SessionRow, other: SessionRow): boolean {
  for (const key of Object.keys(other) as (keyof SessionRow)[]) {
    if (key !== 'lastError' && one[key] !== other[key]) return false;
  }
  return one.lastError?.atMs === other.lastError?.atMs;
}
