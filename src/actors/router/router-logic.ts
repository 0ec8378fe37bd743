import type { ActorLogic, AnyActorRef } from 'xstate';
import { type Clock, microseconds, setBackgroundTimer } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { ClaspError } from '../../protocol/errors.js';
import type { InboundMessage } from '../../protocol/inbound.js';
import type { Authenticator, Logger } from '../../core/ports.js';
import { internalError, InternalErrors } from '../../core/internal-errors.js';
import { RouterCore, type RouterCoreOptions } from '../../core/router-core.js';
import type { DeferBatch, InboundBatch, RouterActorEvent } from './router-actor-events.js';
import type { RouterSession } from '../../core/session.js';
import { LiveSnapshot, type PersistedRouterSnapshot, type RouterSnapshot } from './router-snapshot.js';
import type { RestoredState, RouterState } from '../../core/params/param-state.js';
import type { ScheduledBundle } from '../../core/writes/scheduled-bundles.js';
import { SendBuffers } from '../../core/congestion/send-buffers.js';
import { throttledLog } from '../../core/system/throttled-log.js';
import { TurnShares } from '../../core/scheduling/turn-shares.js';
import type { ParamQueryResult, ParamQuery } from '../../core/system/param-query.js';

export interface RouterInput extends Omit<
  RouterCoreOptions,
  'nowMicros' | 'offsets' | 'reportFault' | 'watchToken' | 'bundleDropped' | 'internalErrors'
> {
  /** Bytes a socket may hold unsent before its session counts as congested. */
  readonly highWaterBytes: number;
  /** Bytes that the sockets of all sessions may hold together; 0 = unlimited. */
  readonly maxSendBufferBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Says when a token is revoked. @default no token ever is */
  readonly authenticator?: Pick<Authenticator, 'onRevoked'> | undefined;
  /** What it begins with: the state of an earlier router. @default nothing */
  readonly state?: RestoredState | undefined;
  /** Runs a callback in a later turn of the event loop. @default setImmediate */
  readonly defer?: (callback: () => void) => void;
}

export type RouterLogic = ActorLogic<RouterSnapshot, RouterActorEvent, RouterInput>;
export type RouterRef = AnyActorRef & { send(event: RouterActorEvent): void };

/**
 * The router actor: owner of all params and of the pattern index. One actor event holds everything that came in during
 * one turn of the event loop; inside it runs plain code, since a machine transition per message would cost more than the
 * message (design: two planes). All its output leaves at the end of the event, one write a session.
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
    const router = routers.get(scope.self)!; // made with the initial snapshot
    if (event.type === 'xstate.stop') {
      router.stop();
      return router.snapshot('stopped');
    }
    router.handle(event);
    return router.snapshot();
  },

  getPersistedSnapshot(snapshot): PersistedRouterSnapshot {
    // Its status is that of an actor to come.
    return { ...snapshot, status: 'active', output: undefined, error: undefined, state: LiveSnapshot.state(snapshot) };
  },
};

/**
 * The mutable inside of each router actor. Beside the snapshot and not in it, so that whoever inspects or serialises
 * snapshots never touches the data plane.
 */
const routers = new WeakMap<AnyActorRef, Router>();

class Router {
  readonly #core: RouterCore;
  readonly #errors: InternalErrors;
  readonly #clock: Clock;
  readonly #buffers: SendBuffers;
  readonly #defer: (callback: () => void) => void;
  readonly #tellSelf: (event: RouterActorEvent) => void;
  readonly #turns = new TurnShares();
  #continuing = false;
  /** Whether more is due than the last turn has done. */
  #isBehind = false;
  /** When the one timer rings, by the router's clock. */
  #wakeMicros = Infinity;
  #timer: unknown;
  /** Whether the event loop is made to turn for a bundle that is nearly due, and since when in one microsecond. */
  #isTurning = false;
  #turnedAtMicros = -1;
  #turnsInPlace = 0;
  #sessions = 0;
  #isStopped = false;

  constructor(
    { highWaterBytes, maxSendBufferBytes, clock, logger, authenticator, defer, state, ...options }: RouterInput,
    tellSelf: (event: RouterActorEvent) => void,
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
          this.#tellSelf({ type: 'token.revoked', tokenId: grant.tokenId });
        }) ?? ignore,
    });
    if (state !== undefined) this.#core.restore(state);
    this.#clock = clock;
    this.#buffers = new SendBuffers({ highWaterBytes, maxSendBufferBytes });
    this.#defer = defer ?? ((callback) => void setImmediate(callback));
    this.#tellSelf = (event) => {
      if (!this.#isStopped) tellSelf(event); // what was deferred may come after the end, and XState warns of it
    };
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
      this.#turns.begin(this.#core.steps);
      for (const batch of event.batches) this.#take(batch, event.defer);
    } else {
      this.#dispatch(event);
    }
    this.#advanceTasks();
    this.#flushAll();
    this.#setTimer();
  }

  /** An internal error here costs what the event was about. */
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
          this.#wakeMicros = Infinity;
          this.#isBehind = this.#core.runDue();
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
    this.#clock.clearTimeout(this.#timer);
  }

  /** One timer for all that has its time. It may ring early, for something that has been put off; it is set again then. */
  #setTimer(): void {
    const exact = this.#core.exactDueMicros;
    const due = Math.min(this.#core.dueMicros, exact - SPIN_MICROS);
    if (due >= this.#wakeMicros || this.#isTurning) return;
    const now = microseconds(this.#clock);
    this.#clock.clearTimeout(this.#timer);
    this.#wakeMicros = due;
    // The next slice of what is due: in the next turn, not by a timer, and whatever has come in meanwhile is handled between the two.
    if (this.#isBehind) return this.#turnOnce();
    if (exact - now <= SPIN_MICROS && this.#turn(now)) return;
    const ms = Math.ceil(((exact - now <= SPIN_MICROS ? exact : due) - now) / 1_000);
    this.#timer = setBackgroundTimer(this.#clock, this.#ring, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
  }

  /**
   * Timers are late by a millisecond or two. For a bundle one rings early, and turns of the event loop do the rest; on a clock
   * that stands still, a simulated one, they would turn for ever.
   *
   * @returns whether the loop turns
   */
  #turn(now: number): boolean {
    this.#turnsInPlace = now === this.#turnedAtMicros ? this.#turnsInPlace + 1 : 0;
    this.#turnedAtMicros = now;
    if (this.#turnsInPlace > MAX_TURNS_IN_PLACE) return false;
    this.#turnOnce();
    return true;
  }

  #turnOnce(): void {
    this.#isTurning = true;
    this.#defer(this.#turned);
  }

  readonly #turned = (): void => {
    this.#isTurning = false;
    this.#ring();
  };

  readonly #ring = (): void => {
    this.#tellSelf({ type: 'clock.due' });
  };

  /** @param defer takes back what the session has no time for in this turn */
  #take(batch: InboundBatch, defer?: DeferBatch): void {
    const { session, frames, receivedMicros, next = 0 } = batch;
    session.lastActivityMicros = receivedMicros;
    session.lastReceivedMicros = receivedMicros;
    const { steps } = this.#core;
    const isLimited = defer !== undefined && session.link.isTrusted !== true;
    const lastStep = isLimited ? this.#turns.lastStepOf(session, steps, frames.length - next) : Infinity;
    let at = next;
    let isDone = false;
    while (!isDone) {
      try {
        while (at < frames.length && this.#core.steps < lastStep) {
          this.#core.handle(session, frames[at++]!, receivedMicros);
          // Small questions can have large answers, thousands in one read: what one session has coming never waits for the end of
          // the tick above this mark. Either its socket takes it, or the session is congested and its backlog has limits.
          if (session.outbox.byteLength > this.#buffers.highWaterBytes) this.#flush(session);
        }
        isDone = true;
      } catch (error) {
        this.#messageFailed(session, frames[at - 1]!.message, error); // `at` is behind it, and the loop goes on with the next
      }
    }
    session.traffic.receivedMessages += at - next;
    if (!isLimited) return;
    this.#turns.spend(session, this.#core.steps - steps);
    if (at === frames.length) return;
    this.#turns.close(session);
    defer(batch, at);
  }

  /**
   * Whatever a peer sends ends in a ClaspError; anything else is a bug in the router. It costs this message. Without its HELLO a session
   * cannot be used, and one that causes such errors again and again is closed.
   */
  #messageFailed(session: RouterSession, message: InboundMessage, error: unknown): void {
    this.#errors.add(error, message.type, session);
    if (!session.established || this.#errors.isLastOf(session, this.#core.nowMicros)) return this.#fail(session, error);
    try {
      this.#core.sendError(session, internalError(error, subjectOf(message)));
    } catch {
      this.#fail(session, error); // the error that counts is the first
    }
  }

  #fail(session: RouterSession, cause: unknown): void {
    session.notify({ type: 'session.failed', error: internalError(cause) });
  }

  /** One write for each session that has something coming. A connection whose write throws costs its session alone. */
  #flushAll(): void {
    const dirty = this.#core.takeDirty();
    let at = 0;
    while (at < dirty.length) {
      try {
        while (at < dirty.length) this.#flush(dirty[at++]!);
      } catch (error) {
        const session = dirty[at - 1]!; // `at` is behind it
        this.#errors.add(error, 'write', session);
        this.#fail(session, error);
      }
    }
  }

  /** Sends what the tick has gathered for a session, and looks whether its socket keeps up. */
  #flush(session: RouterSession): void {
    const { link, outbox } = session;
    // A socket that is behind holds on to what it is given; a copy lets go of the slab.
    const bytes = outbox.take(link.bufferedBytes > 0);
    if (bytes.length === 0) return;
    link.write(bytes);
    session.traffic.sentBytes += bytes.length;
    this.#buffers.wrote(bytes.length);
    session.lastActivityMicros = this.#core.nowMicros;
    if (session.phase !== 'active') return;
    const buffered = link.bufferedBytes;
    if (buffered > this.#buffers.highWaterBytes)
      session.notify({ type: 'connection.congested', bufferedBytes: buffered });
  }

  /**
   * Sends a PING. A PING is no activity: a session that is silent in both directions becomes idle in spite of it. A congested
   * session gets none, because it would wait behind the backlog.
   */
  #ping(session: RouterSession): void {
    if (session.phase !== 'active') return;
    this.#flush(session);
    this.#core.ping(session);
    this.#write(session, session.outbox.take(session.link.bufferedBytes > 0));
  }

  /** Everything that waits, whatever the socket says: the connection is about to close. */
  #flushWhole(session: RouterSession): void {
    if (session.sendQueue.messages > 0) this.#write(session, this.#core.takeQueued(session, Infinity));
    this.#write(session, session.outbox.take(true));
  }

  /**
   * The socket of a congested session is empty: it gets the next parts of its backlog, and is well again after the last.
   * A part that the network takes at once is never buffered, so no drain will follow it: then the next goes right away.
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
    if (!this.#core.hasTasks && !this.#core.hasChores) return;
    this.#continuing = true;
    this.#defer(this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#tellSelf({ type: 'tasks.continue' });
  };
}

interface Failure {
  readonly error: unknown;
  readonly session: RouterSession | undefined;
}

/** The address by which the sender knows the ERROR for a message, if it has one. */
function subjectOf(message: InboundMessage): string | undefined {
  if ('address' in message) return message.address;
  if ('pattern' in message) return message.pattern;
  return message.type === 'announce' ? message.namespace : undefined;
}

const ignore = (): void => undefined;

/** How long before a bundle's time the event loop begins to turn for it. */
const SPIN_MICROS = 2_000;
/** Turns in one microsecond after which the clock is taken to stand still. */
const MAX_TURNS_IN_PLACE = 10;

/** What a timer of Node's can hold. */
const LONGEST_TIMER_MS = 0x7fff_ffff;
