import type { QueryHandler } from '../announce/query-handler.js';
import type { SendQueueBudget } from '../congestion/send-queue-budget.js';
import type { Dispatcher } from '../delivery/dispatcher.js';
import type { HeldReplies } from '../delivery/held-replies.js';
import type { SignalRouter } from '../delivery/signal-router.js';
import type { Owners } from '../quotas/owner.js';
import type { Chores } from '../scheduling/chores.js';
import type { RouterSession } from '../session.js';
import type { SnapshotSender } from '../subscriptions/snapshot-sender.js';
import type { Counters } from '../system/counters.js';
import type { Departure } from '../system/presence.js';
import type { SessionCleanup } from './session-cleanup.js';

export interface SessionExitParts {
  /** Established sessions, by ID. */
  readonly sessions: Map<string, RouterSession>;
  readonly snapshots: SnapshotSender;
  readonly queries: QueryHandler;
  readonly counters: Counters;
  readonly owners: Owners;
  readonly routing: SignalRouter;
  readonly chores: Chores;
  readonly deliveries: Dispatcher;
  readonly cleanup: SessionCleanup;
  readonly held: HeldReplies;
  readonly sendQueues: SendQueueBudget;
}

/** What happens to a session when it ends: the part that cannot wait for {@link SessionCleanup}. */
export class SessionExit {
  readonly #parts: SessionExitParts;

  constructor(parts: SessionExitParts) {
    this.#parts = parts;
  }

  /** Ends its replies in slices and removes it from the established sessions. @returns whether it was one */
  remove(session: RouterSession): boolean {
    const { snapshots, queries, sessions } = this.#parts;
    snapshots.forget(session);
    queries.forget(session);
    return sessions.delete(session.id);
  }

  /** Adds its counts to the totals, begins its cleanup and releases its memory. */
  release(session: RouterSession, departure: Departure, wasEstablished: boolean): void {
    const { counters, owners, routing, chores, cleanup, deliveries, held, sendQueues } = this.#parts;
    counters.conflated += session.sendQueue.conflated;
    counters.receivedBytes += session.traffic.receivedBytes;
    counters.sentBytes += session.traffic.sentBytes;
    if (session.owner !== undefined) owners.leave(session, session.owner);
    const subscriptions = routing.leaving(session);
    chores.begin(cleanup.of(session, departure, wasEstablished, subscriptions));
    session.outbox.clear();
    deliveries.endRun();
    held.forget(session);
    sendQueues.clear(session);
    session.release();
  }
}
