import type { ActorLogic, AnyActorRef } from 'xstate';
import { type Clock, microseconds } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { ClaspError } from '../../protocol/errors.js';
import type { InboundMessage } from '../../protocol/inbound.js';
import type { Authenticator, Logger } from '../../core/ports.js';
import { internalError, InternalErrors } from '../../core/internal-errors.js';
import { RouterCore, type RouterCoreOptions } from '../../core/router-core.js';
import { DueTimer } from './due-timer.js';
import { FlushQueue } from './flush-queue.js';
import { FrameCursor } from './frame-cursor.js';
import type { DeferBatch, InboundBatch, RouterActorEvent } from './router-actor-events.js';
import type { RouterSession } from '../../core/session.js';
import { LiveSnapshot, type PersistedRouterSnapshot, type RouterSnapshot } from './router-snapshot.js';
import type { RestoredState, RouterState } from '../../core/params/param-state.js';
import type { ScheduledBundle } from '../../core/writes/scheduled-bundles.js';
import type { sendBufferOptions } from '../../core/congestion/congestion-options.js';
import type { OptionValues } from '../../util/option.js';
import { isCongested } from '../../core/congestion/policy.js';
import { SendBuffers } from '../../core/congestion/send-buffers.js';
import { throttledLog } from '../../core/system/throttled-log.js';
import { TurnShares } from '../../core/scheduling/turn-shares.js';
import type { ParamQueryResult, ParamQuery } from '../../core/system/param-query.js';

export interface RouterInput
  extends
    OptionValues<typeof sendBufferOptions>,
    Omit<
      RouterCoreOptions,
      'nowMicros' | 'offsets' | 'reportFault' | 'watchToken' | 'bundleDropped' | 'internalErrors'
    > {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Reports revoked tokens. @default no token is revoked */
  readonly authenticator?: Pick<Authenticator, 'onRevoked'> | undefined;
  /** Initial state, from an earlier router. @default empty */
  readonly state?: RestoredState | undefined;
  /** Runs a callback in a later turn of the event loop. @default setImmediate */
  readonly defer?: (callback: () => void) => void;
}

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
    const reportFault = throttledLog(clock, (fault: unknown, hook: string, more: number): void => {
      logger.error({ err: fault, hook, ...(more > 0 && { more }) }, 'internal error in a hook');
    });
    const reportDropped = throttledLog(clock, ({ session, owner, atMicros }: ScheduledBundle, _, more): void => {
      logger.warn(
        { session: session.id, owner: owner.key, atMicros, ...(more > 0 && { more }) },
        'a scheduled bundle was dropped: all that wait would take more than maxPendingBundleBytes',
      );
    });
    const reportError = throttledLog(clock, ({ error, session }: Failure, work, more): void => {
      const fields = { err: error, work, session: session?.id, ...(more > 0 && { more }) };
      logger.error(fields, 'internal error in the router');
    });
    this.#errors = new InternalErrors((error, work, session) => {
      reportError({ error, session }, work);
    });
    const watch = ClockWatch.of(clock);
    this.#core = new RouterCore({
      ...options,
      nowMicros: () => Math.floor(watch.look() * 1_000),
      offsets: watch,
      reportFault,
      internalErrors: this.#errors,
      bundleDropped: (bundle) => {
        reportDropped(bundle, 'bundle');
      },
      watchToken: (grant) =>
        authenticator?.onRevoked(grant, () => {
          this.#sendSelf({ type: 'token.revoked', tokenId: grant.tokenId });
        }) ?? ignore,
    });
    if (state !== undefined) this.#core.restore(state);
    this.#flushes = new FlushQueue({
      flush: (session) => {
        this.#flush(session);
      },
      failed: (session, error) => {
        this.#errors.add(error, 'write', session);
        this.#fail(session, error);
      },
    });
    this.#clock = clock;
    this.#turns = new TurnShares({ nowMicros: () => microseconds(clock), cpuMicros });
    this.#buffers = new SendBuffers({ highWaterBytes, maxSendBufferBytes });
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

  handle(event: RouterActorEvent): void {
    if (event.type === 'inbound.batch') {
      this.#core.beginBatch();
      if (event.turn === undefined || event.turn !== this.#inputTurn) {
        this.#turns.begin(this.#core.steps, this.#flushes.isBehind);
      }
      this.#inputTurn = event.turn;
      this.#isInputWaiting = false;
      for (const batch of event.batches) this.#take(batch, event.defer);
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
            this.#take({ session: event.session, frames: [frame], receivedMicros });
          }
          break;
        case 'statistics.requested':
          event.answer(this.#core.statistics(this.#buffers.use()));
          break;
        case 'params.requested':
          event.answer(this.#viewParams(event.question));
          break;
        case 'history.requested':
          event.answer(this.#core.history(event.address));
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
            this.#flushWhole(event.session);
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
          this.#ping(event.session);
          break;
        case 'session.drained':
          event.session.lastActivityMicros = microseconds(this.#clock);
          this.#drained(event.session);
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
      if (session !== undefined) this.#fail(session, error);
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

  /** @param defer takes back frames that exceed the session's share of this turn */
  #take(batch: InboundBatch, defer?: DeferBatch): void {
    const { session, receivedMicros } = batch;
    session.lastActivityMicros = receivedMicros;
    session.lastReceivedMicros = receivedMicros;
    const core = this.#core;
    const { work } = core;
    const turns = this.#turns;
    const { outbox } = session;
    let { highWaterBytes } = this.#buffers; // changes only when something is written
    const isLimited = defer !== undefined && session.link.isTrusted !== true;
    const cost = turns.costAt(core.steps);
    const lastCost = isLimited ? turns.lastCostOf(session, cost) : Infinity;
    let lastWork = work.steps + (lastCost - cost);
    const cursor = new FrameCursor(batch);
    let handled = 0;
    let isDone = false;
    while (!isDone) {
      try {
        while (work.steps < lastWork && cursor.next()) {
          handled++;
          const { run, frame } = cursor;
          if (run !== undefined) core.handleBytes(session, run.bytes, cursor.start, cursor.end, receivedMicros);
          else if (frame !== undefined) core.handle(session, frame, receivedMicros);
          // Small requests can have large replies, thousands in one read. Output above this mark is therefore flushed
          // before the end of the tick. Either the socket takes it, or the session is congested and its send queue has
          // limits.
          if (outbox.byteLength > highWaterBytes) {
            this.#flush(session);
            ({ highWaterBytes } = this.#buffers);
          }
          // All steps cost three objects to read, 12 ns. Deliveries of a few messages exceed the share only slightly.
          if ((handled & STEPS_MASK) === 0) lastWork = work.steps + (lastCost - turns.costAt(core.steps));
        }
        isDone = true;
      } catch (error) {
        this.#messageFailed(session, cursor.decoded().message, error);
      }
    }
    session.traffic.receivedMessages += handled;
    if (!isLimited) return;
    turns.spend(session, turns.costAt(core.steps) - cost);
    const { position } = cursor;
    if (position === undefined) return;
    this.#isInputWaiting = true;
    turns.close(session);
    defer(batch, position.next, position.offset);
  }

  /**
   * Any peer input ends in a ClaspError; another exception is a bug in the router. It aborts this message. A session
   * whose HELLO fails is unusable, and one that causes such errors repeatedly is closed.
   */
  #messageFailed(session: RouterSession, message: InboundMessage, error: unknown): void {
    this.#errors.add(error, message.type, session);
    if (!session.established || this.#errors.isLastOf(session, this.#core.nowMicros)) return this.#fail(session, error);
    try {
      this.#core.sendError(session, internalError(error, subjectOf(message)));
    } catch {
      this.#fail(session, error); // the first error is reported
    }
  }

  #fail(session: RouterSession, cause: unknown): void {
    session.notify({ type: 'end.failed', error: internalError(cause) });
  }

  /** Writes once per session with output. If a write throws, only that session ends. */
  #flushAll(isNewTurn: boolean): void {
    this.#flushes.add(this.#core.takeDirty());
    this.#flushes.run(isNewTurn || !this.#continuing, this.#isInputWaiting);
    if (this.#flushes.size > 0) this.#continue();
  }

  /** Sends the output of a session for this tick, and checks whether its socket is congested. */
  #flush(session: RouterSession): void {
    const { link, outbox } = session;
    // A socket with pending bytes retains its input; a copy releases the slab.
    const bytes = outbox.take(link.bufferedBytes > 0);
    if (bytes.length === 0) return;
    link.write(bytes);
    session.traffic.sentBytes += bytes.length;
    this.#buffers.wrote(bytes.length);
    session.lastActivityMicros = this.#core.nowMicros;
    if (session.phase !== 'active') return;
    const buffered = link.bufferedBytes;
    if (isCongested(buffered, this.#buffers.highWaterBytes)) {
      session.notify({ type: 'connection.congested', bufferedBytes: buffered });
    }
  }

  /**
   * Sends a PING. It does not count as activity: a session without traffic becomes idle in spite of it. A congested
   * session gets none, because it would wait behind the send queue.
   */
  #ping(session: RouterSession): void {
    if (session.phase !== 'active') return;
    this.#flush(session);
    this.#core.ping(session);
    this.#write(session, session.outbox.take(session.link.bufferedBytes > 0));
  }

  /** Flushes all queued output, regardless of the socket, because the connection is about to close. */
  #flushWhole(session: RouterSession): void {
    if (session.sendQueue.messages > 0) this.#write(session, this.#core.takeQueued(session, Infinity));
    this.#write(session, session.outbox.take(true));
  }

  /**
   * The socket of a congested session is empty: sends the next part of its send queue, and ends the congestion after
   * the last one. If the network takes a part at once, no drain event follows, so the next part is sent directly.
   */
  #drained(session: RouterSession): void {
    const { phase, sendQueue, link, notify } = session;
    if (phase !== 'congested') return;
    while (sendQueue.messages > 0 && link.bufferedBytes === 0) {
      this.#write(session, this.#core.takeQueued(session, this.#buffers.highWaterBytes));
    }
    if (sendQueue.messages > 0) return;
    notify({ type: 'connection.drained' });
    this.#core.resume(session);
  }

  #write({ link, traffic }: RouterSession, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    link.write(bytes);
    traffic.sentBytes += bytes.length;
    this.#buffers.wrote(bytes.length);
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

interface Failure {
  readonly error: unknown;
  readonly session: RouterSession | undefined;
}

/** Returns the address that identifies a message in its ERROR, if it has one. */
function subjectOf(message: InboundMessage): string | undefined {
  if ('address' in message) return message.address;
  if ('pattern' in message) return message.pattern;
  return message.type === 'announce' ? message.namespace : undefined;
}

/** Time of the processor that this program has used, in all its threads. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const ignore = (): void => undefined;

/** All steps are read before a message whose place in its batch has none of these bits. */
const STEPS_MASK = 15;
