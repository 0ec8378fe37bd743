import type { Snapshot } from 'xstate';
import { type RouterState, RouterStateError } from '../../core/params/param-state.js';

/** What an observer sees of the router: small, and new with every event. */
export type RouterSnapshot = Snapshot<undefined> & RouterFigures;

export interface RouterFigures {
  readonly sessions: number;
  readonly subscriptions: number;
  readonly params: number;
  readonly announcedSignals: number;
  /** Messages taken in, and copies handed out, since the start. */
  readonly messages: number;
  readonly deliveries: number;
}

/** What is left of it to begin with another time. */
export type PersistedRouterSnapshot = RouterSnapshot & { readonly state: RouterState };

interface Stateful {
  state(): RouterState;
}

/** A snapshot, and the way back to the router it is of: to persist one, XState gives nothing but the snapshot. */
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
  readonly #router: Stateful;

  constructor(router: Stateful, status: 'active' | 'stopped', figures: RouterFigures) {
    this.status = status;
    this.#router = router;
    this.sessions = figures.sessions;
    this.subscriptions = figures.subscriptions;
    this.params = figures.params;
    this.announcedSignals = figures.announcedSignals;
    this.messages = figures.messages;
    this.deliveries = figures.deliveries;
  }

  /** What the router knows now, which may be more than when the snapshot was taken. */
  static state(snapshot: RouterSnapshot): RouterState {
    if (!(snapshot instanceof LiveSnapshot)) throw new RouterStateError('this is no snapshot that a router has given');
    return snapshot.#router.state();
  }
}
