import type { Snapshot } from 'xstate';
import type { PastWrite } from '../../core/params/write-history.js';
import type { Statistics } from '../../core/system/statistics.js';
import { type RouterState, RouterStateError } from '../../core/params/param-state.js';

/** The router as observers see it: small, and new with every event. */
export type RouterSnapshot = Snapshot<undefined> & RouterFigures;

export interface RouterFigures {
  readonly sessions: number;
  readonly subscriptions: number;
  readonly params: number;
  readonly announcedSignals: number;
  /** Accepted messages, and delivered copies, since the start. */
  readonly messages: number;
  readonly deliveries: number;
}

/** The part that is persisted to start another router. */
export type PersistedRouterSnapshot = RouterSnapshot & { readonly state: RouterState };

/** What a snapshot reads from its router, also while that handles an event. */
export interface ReadableRouter {
  state(): RouterState;
  statistics(): Statistics;
  history(address: string): readonly PastWrite[];
}

/** A snapshot with a reference to its router, because XState passes only the snapshot when persisting. */
export class LiveSnapshot implements RouterFigures {
  readonly status: 'active' | 'stopped';
  readonly output = undefined;
  readonly error = undefined;
  readonly sessions: number;
  readonly subscriptions: number;
  readonly params: number;
  readonly announcedSignals: number;
  readonly messages: number;
  readonly deliveries: number;
  readonly #router: ReadableRouter;

  constructor(router: ReadableRouter, status: 'active' | 'stopped', figures: RouterFigures) {
    this.status = status;
    this.#router = router;
    this.sessions = figures.sessions;
    this.subscriptions = figures.subscriptions;
    this.params = figures.params;
    this.announcedSignals = figures.announcedSignals;
    this.messages = figures.messages;
    this.deliveries = figures.deliveries;
  }

  /** Returns the current state of the router, which can be newer than the snapshot. */
  static state(snapshot: RouterSnapshot): RouterState {
    if (!(snapshot instanceof LiveSnapshot)) throw new RouterStateError('this is no snapshot that a router has given');
    return snapshot.#router.state();
  }

  /** Returns the router of its actor's snapshot; undefined if the router has stopped. */
  static router(snapshot: object | undefined): ReadableRouter | undefined {
    return snapshot instanceof LiveSnapshot && snapshot.status === 'active' ? snapshot.#router : undefined;
  }
}
