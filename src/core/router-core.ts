import type { ClaspError } from '../protocol/errors.js';
import { decodeInbound, type InboundFrame } from '../protocol/inbound.js';
import type { StepCounter } from '../protocol/step-counter.js';
import type { Grant } from './ports.js';
import { reportDrops } from './congestion/drop-report.js';
import { noOffsets } from './clock-offsets.js';
import type { DirectPath } from './direct/direct-path.js';
import { runDueWork } from './scheduling/due-work.js';
import { InputTap, tappedFrames } from './input-tap.js';
import type { Recorder } from './recorder.js';
import { BatchClock } from './batch-clock.js';
import { CoreParts } from './core-parts.js';
import { CoreReadings } from './core-readings.js';
import { restoreState, stateOf } from './core-state.js';
import type { RouterCoreOptions } from './router-core-options.js';
import type { MessageHandler } from './message-handler.js';
import { DIRECT_STEPS, EVERYDAY_STEPS, messageSteps } from './scheduling/message-steps.js';
import type { Departure } from './system/presence.js';
import type { PendingFrame, RouterSession } from './session.js';
import type { RestoredState, RouterState } from './params/param-state.js';
import { Slice } from './scheduling/slice.js';
import type { Counters } from './system/counters.js';
import { type ParamQueryResult, type ParamQuery, viewParams } from './system/param-query.js';

/** Steps per turn for all due work. Each kind can exceed it by one piece: 0.3 ms, or 1 ms with a large bundle. */
const DUE_STEPS = 16_384;
/** Steps for due gestures before a batch of messages. */
const GESTURE_STEPS = 4_096;

/**
 * The sans-IO router: applies the messages of all sessions to params and subscriptions, and produces the deliveries. It
 * opens no socket and sets no timer, so a test simulates an hour in milliseconds, and the same input gives the same
 * bytes. Output stays in the sessions' outboxes until {@link takeDirty}.
 */
export class RouterCore extends CoreReadings {
  protected readonly parts: CoreParts;
  readonly #clock: BatchClock;
  readonly #slice: Slice;
  // The parts that every message needs.
  readonly #direct: DirectPath | undefined;
  readonly #handler: MessageHandler;
  readonly #counters: Counters;
  readonly #work: StepCounter;
  readonly #conflictRules: RouterCoreOptions['conflictRules'];
  // Fields of this object, because every message reads or writes them.
  #messages = 0;
  #nowMicros: number;

  constructor(options: RouterCoreOptions) {
    super();
    this.#conflictRules = options.conflictRules;
    this.#clock = new BatchClock(options.nowMicros, options.offsets ?? noOffsets);
    if (options.recorder !== undefined) this.recorder = options.recorder;
    const parts = new CoreParts(options, this.#clock, () => this.#messages);
    this.parts = parts;
    this.#slice = new Slice(parts.work, parts);
    this.#direct = parts.direct;
    this.#handler = parts.handler;
    this.#counters = parts.counters;
    this.#work = parts.work;
    this.#nowMicros = this.#clock.nowMicros;
  }

  /**
   * Receives all further inputs; undefined = they are not recorded. A recording that can be replayed begins with the
   * core, or with its state and without sessions.
   */
  set recorder(recorder: Recorder | undefined) {
    const tap = recorder && new InputTap(recorder);
    this.#clock.tap = tap;
    const untapped = RouterCore.prototype;
    // Replaced while it is recorded: a check per message cost an event 5 to 9 % in the core.
    const { handle, handleBytes } = tap === undefined ? untapped : tappedFrames(tap, untapped.handle.bind(this));
    this.handle = handle;
    this.handleBytes = handleBytes;
  }

  get messageCount(): number {
    return this.#messages;
  }

  /** The part of {@link steps} that is not deliveries and tasks. A field read, for a check per message. */
  get work(): Readonly<StepCounter> {
    return this.#work;
  }

  /** Start time of the current batch. */
  get nowMicros(): number {
    return this.#nowMicros;
  }

  /** Reads the clock for the frames that follow. */
  beginBatch(): void {
    this.#clock.tap?.record({ type: 'batch' });
    this.#beginBatch();
  }

  #beginBatch(): void {
    this.#readClock();
    if (this.#nowMicros >= this.parts.gestureWork.dueMicros) {
      this.parts.gestureWork.runDue(this.#nowMicros, this.#slice.begin(GESTURE_STEPS));
    }
  }

  /** Handles one frame of a session, in the global order of frames. Never throws because of peer input. */
  handle(session: RouterSession, frame: InboundFrame, receivedMicros: number): void {
    this.#messages++;
    const { message } = frame;
    // Two comparisons for the everyday messages: the lookup by name in the table takes 8 ns.
    this.#work.steps += message.type === 'set' || message.type === 'publish' ? EVERYDAY_STEPS : messageSteps(message);
    switch (session.phase) {
      case 'active':
      case 'congested':
        return this.#handler.handle(session, frame, receivedMicros, this.#nowMicros);
      case 'awaitingHello':
        this.#counters.messages[frame.message.type]++;
        return this.parts.hello.take(session, frame);
      case 'authenticating':
        return this.parts.hello.hold(session, frame, receivedMicros);
      case 'connecting':
      case 'draining':
      case 'closed':
        return; // the session is not established yet or has ended
    }
  }

  /** Handles the frame `bytes[start, end)` of a session like {@link handle}. Decodes it only if necessary. */
  handleBytes(session: RouterSession, bytes: Uint8Array, start: number, end: number, receivedMicros: number): void {
    const direct = this.#directFor(session);
    if (direct !== undefined && this.#takeDirectly(direct, session, bytes, start, end)) return;
    const frame = decodeInbound(bytes, start, end);
    this.handle(session, frame, receivedMicros);
    direct?.learn(frame.message, bytes, start); // only if it has seen these bytes
  }

  #directFor({ phase }: RouterSession): DirectPath | undefined {
    return phase === 'active' ? this.#direct : undefined;
  }

  #takeDirectly(direct: DirectPath, session: RouterSession, bytes: Uint8Array, start: number, end: number): boolean {
    const taken = direct.take(session, bytes, start, end, this.#nowMicros);
    if (taken === undefined) return false;
    this.#messages++;
    this.#work.steps += DIRECT_STEPS;
    if (taken === 'set') this.#counters.messages.set++;
    else this.#counters.messages.publish++;
    return true;
  }

  /**
   * Accepts a session with a valid token.
   *
   * @returns the frames that arrived during authentication, to be handled now
   */
  admit(session: RouterSession, grant: Grant): readonly PendingFrame[] {
    this.#clock.tap?.recordOf(session, { type: 'admitted', session: session.id, grant });
    this.#beginBatch();
    session.grant = grant;
    session.permissions = this.parts.tokens.of(grant);
    return this.parts.hello.admit(session);
  }

  /** The results of the visibility filter have changed. The index recomputes all recipients. */
  visibilityChanged(): void {
    this.#clock.tap?.record({ type: 'visibility' });
    this.parts.routing.recipientsChanged();
  }

  /** Sends an ERROR to a session. If the session is closing, its held replies are dropped. */
  sendError(session: RouterSession, error: ClaspError): void {
    this.#clock.tap?.recordOf(session, { type: 'error', session: session.id, error });
    if (!session.established) this.parts.held.forget(session);
    this.parts.replies.error(session, error);
  }

  /**
   * A cut of a store is complete, and so are all earlier ones: sends the replies that wait for it.
   *
   * @param failure why it is not stored: its ACKs become ERROR 500; undefined if it is stored
   */
  settleCut(cut: number, failure?: string): void {
    this.#clock.tap?.record({ type: 'cut', cut, failure });
    this.parts.replies.settle(cut, failure);
  }

  /** Sends a PING to a session. */
  ping(session: RouterSession): void {
    this.#clock.tap?.recordOf(session, { type: 'ping', session: session.id });
    this.parts.replies.send(session, { type: 'ping' });
  }

  /**
   * Removes a session: its subscriptions end, its locks are released, its gestures are canceled, its params stay
   * (router.md 3.7). If the session was lost, its last will is executed. From now on its locks exclude no session and
   * it receives nothing. Long work runs in slices.
   */
  leave(session: RouterSession, departure: Departure): void {
    if (session.hasLeft) return;
    this.#clock.tap?.recordOf(session, { type: 'left', session: session.id, departure });
    session.hasLeft = true;
    const wasEstablished = this.parts.exit.remove(session);
    this.#beginBatch();
    this.parts.exit.release(session, departure, wasEstablished);
  }

  /**
   * Handles a revoked token: announcements and scheduled bundles of its sessions no longer count. The session machines
   * end the sessions themselves.
   */
  revoke(tokenId: string): void {
    this.#clock.tap?.record({ type: 'revoked', tokenId });
    const owner = this.parts.owners.revoke(tokenId);
    if (owner === undefined) return;
    this.parts.chores.begin(this.parts.signals.forgetting(owner));
    this.parts.chores.begin(this.parts.scheduled.forgetting(owner));
  }

  /**
   * Does the due work, up to the steps of one turn: sends gesture moves, runs bundles, removes expired entries.
   *
   * @returns whether due work remains; if so, call it again in the next turn
   */
  runDue(): boolean {
    this.#clock.tap?.record({ type: 'due' });
    this.#readClock();
    const nowMicros = this.#nowMicros;
    const { statisticsWork, dueWorks } = this.parts;
    const isLeft = runDueWork(dueWorks, nowMicros, this.#slice, DUE_STEPS);
    if (statisticsWork.dueMicros <= nowMicros) statisticsWork.runDue(nowMicros, this.#slice);
    return isLeft;
  }

  /** Returns the state to persist. Walks all entries: for a million params this takes some seconds. */
  state(): RouterState {
    this.beginBatch();
    return stateOf(this.parts);
  }

  /** Restores a persisted state. @returns the number of params that were not admitted */
  restore(state: RestoredState): number {
    this.beginBatch();
    return restoreState(this.parts, state, this.#conflictRules);
  }

  /** Returns the matching params for the inspector. Changes nothing, not even expired params. */
  viewParams(question: ParamQuery): ParamQueryResult {
    this.beginBatch();
    return viewParams(this.parts, question);
  }

  /**
   * Continues work that takes longer than one turn of the event loop, such as large snapshots. @returns whether work
   * remains
   */
  advanceTasks(): boolean {
    if (this.parts.tasks.pending) this.#clock.tap?.record({ type: 'tasks' });
    this.parts.tasks.advance();
    return this.parts.tasks.pending;
  }

  /** Starts a new turn and continues the cleanup of ended sessions. */
  advanceChores(): void {
    if (!this.parts.chores.pending) return;
    this.#clock.tap?.record({ type: 'chores' });
    this.#beginBatch();
    this.parts.chores.advance();
  }

  /** A congested session is active again. Its tasks continue. */
  resume(session: RouterSession): void {
    this.#clock.tap?.recordOf(session, { type: 'resumed', session: session.id });
    this.parts.tasks.resume(session);
  }

  /**
   * Ends the turn: passes its changes to the change logs. Returns the sessions with a nonempty outbox, each once.
   * Sessions that lost messages get a notice first.
   */
  takeDirty(): readonly RouterSession[] {
    this.#clock.tap?.record({ type: 'turn' });
    const { changes, sendQueues, replies, deliveries } = this.parts;
    changes.flush();
    for (const session of sendQueues.takeLossy()) reportDrops(session, this.#nowMicros, replies);
    return deliveries.takeDirty();
  }

  /** Takes the next queued messages of a congested session: whole messages, at least one, up to `maxBytes`. */
  takeQueued(session: RouterSession, maxBytes: number): Uint8Array {
    this.#clock.tap?.recordOf(session, { type: 'queued', session: session.id, maxBytes });
    return this.parts.sendQueues.take(session, maxBytes);
  }

  #readClock(): void {
    const clock = this.#clock;
    clock.nowMicros = clock.read();
    this.#nowMicros = clock.nowMicros;
    this.parts.params.locks.unjudgedSinceMicros = clock.offsets.unjudgedSinceMs * 1_000;
  }
}
