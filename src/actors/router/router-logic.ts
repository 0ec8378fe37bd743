import type { ActorLogic, AnyActorRef } from 'xstate';
import { type Clock, microseconds } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { ClaspError } from '../../protocol/errors.js';
import { InternalErrors } from '../../core/internal-errors.js';
import { RouterCore } from '../../core/router-core.js';
import { DueTimer } from './due-timer.js';
import { FlushQueue } from './flush-queue.js';
import type { RouterInput } from './router-input.js';
import type { RouterActorEvent } from './router-actor-events.js';
import { routerLogs } from './router-logs.js';
import { failSession, SessionInput } from './session-input.js';
import { SessionOutput } from './session-output.js';
import { LiveSnapshot, type PersistedRouterSnapshot, type RouterSnapshot } from './router-snapshot.js';
import type { RouterState } from '../../core/params/param-state.js';
import { SendBuffers } from '../../core/congestion/send-buffers.js';
import { TurnShares } from '../../core/scheduling/turn-shares.js';
import type { PastWrite } from '../../core/params/write-history.js';
import type { Statistics } from '../../core/system/statistics.js';
import type { ParamQueryResult, ParamQuery } from '../../core/system/param-query.js';

export type RouterLogic = ActorLogic<RouterSnapshot, RouterActorEvent, RouterInput>;
export type RouterRef = AnyActorRef & { send(event: RouterActorEvent): void };

/**
 * The router actor owns all params and the pattern index. One actor event contains all input of one turn of the event
 * loop. Plain code handles it, because a machine transition per message would cost more than the message (design: two
 * planes). All output is sent at the end of the event, one write per session.
 */
export const routerLogic: RouterLogic = {
  getInitialSnapshot(scope, input) {
    const router = new Router(input, (event) => {
      scope.self.send(event);
    });
    routers.set(scope.self, router);
    return router.snapshot();
  },

  transition(_, event: RouterActorEvent | { readonly type: 'xstate.stop' }, scope) {
    const router = routers.get(scope.self)!; // created with the initial snapshot
    if (event.type === 'xstate.stop') {
      router.stop();
      return router.snapshot('stopped');
    }
    router.handle(event);
    return router.snapshot();
  },

  getPersistedSnapshot(snapshot): PersistedRouterSnapshot {
    // An actor restored from it starts with this status.
    return { ...snapshot, status: 'active', output: undefined, error: undefined, state: LiveSnapshot.state(snapshot) };
  },
};

/**
 * The mutable state of each router actor. It is separate from the snapshot, so that inspecting or serializing snapshots
 * never accesses the data plane.
 */
const routers = new WeakMap<AnyActorRef, Router>();

class Router {
  readonly #core: RouterCore;
  readonly #errors: InternalErrors;
  readonly #clock: Clock;
  readonly #buffers: SendBuffers;
  readonly #defer: (callback: () => void) => void;
  readonly #sendSelf: (event: RouterActorEvent) => void;
  readonly #turns: TurnShares;
  readonly #input: SessionInput;
  readonly #output: SessionOutput;
  /** Number of the turn of the last input. */
  #inputTurn: number | undefined;
  #continuing = false;
  readonly #timer: DueTimer;
  #sessions = 0;
  #isStopped = false;
  readonly #flushes: FlushQueue;
  /** Whether input of a session waits for a later turn. */
  #isInputWaiting = false;

  constructor(
    { highWaterBytes, maxSendBufferBytes, clock, logger, authenticator, defer, state, ...options }: RouterInput,
    sendSelf: (event: RouterActorEvent) => void,
  ) {
    const logs = routerLogs(clock, logger);
    this.#errors = new InternalErrors(logs.internalError);
    const watch = ClockWatch.of(clock);
    this.#core = new RouterCore({
      ...options,
      nowMicros: () => Math.floor(watch.look() * 1_000),
      offsets: watch,
      reportFault: logs.fault,
      internalErrors: this.#errors,
      bundleDropped: logs.bundleDropped,
      watchToken: (grant) =>
        authenticator?.onRevoked(grant, () => {
          this.#sendSelf({ type: 'token.revoked', tokenId: grant.tokenId });
        }) ?? (() => undefined),
    });
    if (state !== undefined) this.#core.restore(state);
    this.#flushes = new FlushQueue({
      flush: (session) => {
        this.#output.flush(session);
      },
      failed: (session, error) => {
        this.#errors.add(error, 'write', session);
        failSession(session, error);
      },
    });
    this.#clock = clock;
    this.#turns = new TurnShares({ nowMicros: () => microseconds(clock), cpuMicros });
    this.#buffers = new SendBuffers({ highWaterBytes, maxSendBufferBytes });
    this.#output = new SessionOutput(this.#core, this.#buffers);
    this.#input = new SessionInput({
      core: this.#core,
      turns: this.#turns,
      buffers: this.#buffers,
      output: this.#output,
      errors: this.#errors,
    });
    this.#defer = defer ?? ((callback) => void setImmediate(callback));
    this.#sendSelf = (event) => {
      if (!this.#isStopped) sendSelf(event); // deferred work can run after the end, which XState would report
    };
    this.#timer = new DueTimer({
      clock,
      defer: this.#defer,
      onDue: () => {
        this.#sendSelf({ type: 'clock.due' });
      },
    });
  }

  snapshot(status: 'active' | 'stopped' = 'active'): RouterSnapshot {
    return new LiveSnapshot(this, status, {
      sessions: this.#sessions,
      subscriptions: this.#core.subscriptionCount,
      params: this.#core.paramCount,
      announcedSignals: this.#core.signalCount,
      messages: this.#core.messageCount,
      deliveries: this.#core.deliveryCount,
    });
  }

  state(): RouterState {
    return this.#core.state();
  }

  statistics(): Statistics {
    return this.#core.statistics(this.#buffers.use());
  }

  history(address: string): readonly PastWrite[] {
    return this.#core.history(address);
  }

  handle(event: RouterActorEvent): void {
    if (event.type === 'inbound.batch') {
      this.#core.beginBatch();
      if (event.turn === undefined || event.turn !== this.#inputTurn) {
        this.#turns.begin(this.#core.steps, this.#flushes.isBehind);
      }
      this.#inputTurn = event.turn;
      this.#isInputWaiting = false;
      for (const batch of event.batches) if (this.#input.take(batch, event.defer)) this.#isInputWaiting = true;
    } else {
      this.#dispatch(event);
    }
    this.#advanceTasks();
    this.#flushAll(event.type === 'tasks.continue');
    this.#timer.set(this.#core.dueMicros, this.#core.exactDueMicros);
  }

  /** An internal error here aborts only this event. */
  #dispatch(event: Exclude<RouterActorEvent, { type: 'inbound.batch' }>): void {
    try {
      switch (event.type) {
        case 'session.opened':
          this.#sessions++;
          this.#buffers.opened(event.session);
          break;
        case 'session.authenticated':
          for (const { frame, receivedMicros } of this.#core.admit(event.session, event.grant)) {
            this.#input.take({ session: event.session, frames: [frame], receivedMicros });
          }
          break;
        case 'params.requested':
          event.answer(this.#viewParams(event.question));
          break;
        case 'state.restored':
          event.answer(this.#core.restore(event.state));
          break;
        case 'cut.settled':
          this.#core.settleCut(event.cut, event.failure);
          break;
        case 'recorder.changed':
          this.#core.recorder = event.recorder;
          break;
        case 'visibility.changed':
          this.#core.visibilityChanged();
          break;
        case 'session.closing':
          try {
            if (event.error !== undefined) this.#core.sendError(event.session, event.error);
            this.#output.flushWhole(event.session);
          } finally {
            event.session.link.close(event.reason);
          }
          break;
        case 'session.closed':
          this.#sessions--;
          this.#buffers.ended(event.session);
          this.#core.leave(event.session, event.departure);
          break;
        case 'session.probing':
          this.#output.ping(event.session);
          break;
        case 'session.drained':
          event.session.lastActivityMicros = microseconds(this.#clock);
          this.#output.drained(event.session);
          break;
        case 'clock.due':
          this.#timer.done(this.#core.runDue());
          break;
        case 'tasks.continue':
          this.#continuing = false;
          this.#core.advanceChores();
          break;
        case 'token.revoked':
          this.#core.revoke(event.tokenId);
          break;
      }
    } catch (error) {
      const session = 'session' in event ? event.session : undefined;
      this.#errors.add(error, event.type, session);
      if (session !== undefined) failSession(session, error);
    }
  }

  #viewParams(question: ParamQuery): ParamQueryResult | ClaspError {
    try {
      return this.#core.viewParams(question);
    } catch (error) {
      if (error instanceof ClaspError) return error;
      throw error;
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer.clear();
  }

  /** Writes once per session with output. If a write throws, only that session ends. */
  #flushAll(isNewTurn: boolean): void {
    this.#flushes.add(this.#core.takeDirty());
    this.#flushes.run(isNewTurn || !this.#continuing, this.#isInputWaiting);
    if (this.#flushes.size > 0) this.#continue();
  }

  #advanceTasks(): void {
    if (this.#continuing) return;
    try {
      this.#core.advanceTasks();
    } catch (error) {
      this.#errors.add(error, 'tasks');
    }
    if (this.#core.hasTasks || this.#core.hasChores) this.#continue();
  }

  /** Continues deferred work in the next turn. */
  #continue(): void {
    if (this.#continuing) return;
    this.#continuing = true;
    this.#defer(this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#sendSelf({ type: 'tasks.continue' });
  };
}

/** Time of the processor that this program has used, in all its threads. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
