import type { ClaspError } from '../protocol/errors.js';
import { decodeInbound, type InboundFrame } from '../protocol/inbound.js';
import { parsePattern } from '../protocol/pattern.js';
import { formatScope, type Scope } from '../protocol/scope.js';
import { StepCounter } from '../protocol/step-counter.js';
import type { OptionValues } from '../util/option.js';
import type { coreOptions } from './core-options.js';
import type { Grant } from './ports.js';
import { AnnounceHandler } from './announce/announce-handler.js';
import { HelloHandler } from './sessions/hello-handler.js';
import { SessionCleanup } from './sessions/session-cleanup.js';
import { dropNotice } from './congestion/policy.js';
import { SendQueueBudget } from './congestion/send-queue-budget.js';
import type { ChangeLog } from './change.js';
import { Changes } from './changes.js';
import { Chores } from './scheduling/chores.js';
import { type ClockOffsets, noOffsets } from './clock-offsets.js';
import { reconcileFor } from './params/conflict-strategies.js';
import { DirectParams } from './direct/direct-params.js';
import { DirectPath } from './direct/direct-path.js';
import { Dispatcher } from './delivery/dispatcher.js';
import { type DueWork, runDueWork } from './scheduling/due-work.js';
import { FanOut } from './delivery/fan-out.js';
import { GuardedWork } from './scheduling/guarded-work.js';
import { WriteHooks, type HooksOptions } from './writes/write-hooks.js';
import { InputTap, tappedHooks } from './input-tap.js';
import type { Recorder } from './recorder.js';
import { internalError, InternalErrors } from './internal-errors.js';
import { MessageHandler } from './message-handler.js';
import { LastWills } from './announce/last-wills.js';
import { DIRECT_STEPS, EVERYDAY_STEPS, messageSteps } from './scheduling/message-steps.js';
import type { Departure } from './system/presence.js';
import type { ParamWatch, WatchedParam } from './param-watch.js';
import { ParamStore } from './params/param-store.js';
import { type PastWrite, WriteHistory } from './params/write-history.js';
import { PublishHandler } from './publish/publish-handler.js';
import { QueryHandler } from './announce/query-handler.js';
import { HeldReplies } from './delivery/held-replies.js';
import { Replies } from './delivery/replies.js';
import type { ReplyHold } from './reply-hold.js';
import { Owners, type WatchToken } from './quotas/owner.js';
import { TokenPermissions } from './sessions/permissions.js';
import type { PendingFrame, RouterSession } from './session.js';
import { type RestoredState, type RouterState, stateOfParam, stateOfSignal } from './params/param-state.js';
import { SignalRouter, type RoutingOptions } from './delivery/signal-router.js';
import { BundleRunner } from './writes/bundle-runner.js';
import { type ScheduledBundle, ScheduledBundles } from './writes/scheduled-bundles.js';
import { SignalDirectory } from './announce/signal-directory.js';
import { SessionTasks, type Task } from './scheduling/session-tasks.js';
import { Slice } from './scheduling/slice.js';
import { SnapshotSender } from './subscriptions/snapshot-sender.js';
import { collectStatistics } from './system/collect-statistics.js';
import type { MemoryUse, Statistics } from './system/statistics.js';
import { SubscribeHandler } from './subscriptions/subscribe-handler.js';
import { Counters } from './system/counters.js';
import { type ParamQueryResult, type ParamQuery, viewParams } from './system/param-query.js';
import { isSystemAddress } from './system/system-addresses.js';
import { SystemSignals } from './system/system-signals.js';
import { WriteHandler } from './writes/write-handler.js';

export interface RouterCoreOptions extends OptionValues<typeof coreOptions>, HooksOptions, RoutingOptions {
  /** The value of `/$clasp/version`. */
  readonly version: string;
  /** Reads the router's monotonic clock, in microseconds. */
  readonly nowMicros: () => number;
  /** Offsets of other times from that clock; `nowMicros` updates them. @default all times are equal */
  readonly offsets?: ClockOffsets | undefined;
  /**
   * Starts to watch a token, so that {@link RouterCore.revoke} is called if it is revoked. @default no token is revoked
   */
  readonly watchToken?: WatchToken | undefined;
  /** Called for each scheduled bundle that was evicted. @default does nothing */
  readonly bundleDropped?: ((bundle: ScheduledBundle) => void) | undefined;
  /** Receives all inputs of the core. See {@link RouterCore.recorder}. @default none */
  readonly recorder?: Recorder | undefined;
  /** Sees every param of clients before it changes. @default none */
  readonly paramWatch?: ParamWatch | undefined;
  /** Decides which acknowledgments wait for a store. @default none */
  readonly replyHold?: ReplyHold | undefined;
  /** Logs of accepted changes. @default none */
  readonly changeLogs?: readonly ChangeLog[] | undefined;
  /** Receives internal errors of work other than messages. @default throws them */
  readonly internalErrors?: InternalErrors | undefined;
}

/** Steps per turn for all due work. Each kind can exceed it by one piece: 0.3 ms, or 1 ms with a large bundle. */
const DUE_STEPS = 16_384;
/** Steps for due gestures before a batch of messages. */
const GESTURE_STEPS = 4_096;

const EVERYTHING = parsePattern('/**');

/**
 * The sans-IO router: applies the messages of all sessions to params and subscriptions, and produces the deliveries. It
 * opens no socket and sets no timer, so a test simulates an hour in milliseconds, and the same input gives the same
 * bytes. Output stays in the sessions' outboxes until {@link takeDirty}.
 */
export class RouterCore {
  readonly #options: RouterCoreOptions;
  readonly #offsets: ClockOffsets;
  /** Established sessions, by ID. */
  readonly #sessions = new Map<string, RouterSession>();
  readonly #changes: Changes;
  readonly #history: WriteHistory | undefined;
  readonly #params: ParamStore;
  readonly #signals: SignalDirectory;
  readonly #sendQueues: SendQueueBudget;
  readonly #deliveries: Dispatcher;
  readonly #replies: Replies;
  readonly #held: HeldReplies;
  readonly #routing: SignalRouter;
  readonly #passing: PublishHandler;
  readonly #writes: WriteHandler;
  /** Undefined if all messages must be decoded, because hooks, announced ranges or a store check them. */
  readonly #direct: DirectPath | undefined;
  readonly #tasks: SessionTasks;
  readonly #snapshots: SnapshotSender;
  readonly #scheduled: ScheduledBundles;
  readonly #bundles: BundleRunner;
  readonly #cleanup: SessionCleanup;
  readonly #system: SystemSignals;
  readonly #hooks: WriteHooks;
  readonly #wills: LastWills;
  readonly #subscribing: SubscribeHandler;
  readonly #announcing: AnnounceHandler;
  readonly #queries: QueryHandler;
  readonly #admission: HelloHandler;
  readonly #handler: MessageHandler;
  readonly #counters = new Counters();
  readonly #owners: Owners;
  /** Steps of messages in addition to their usual ones. */
  readonly #work = new StepCounter();
  readonly #tokens: TokenPermissions;
  readonly #slice = new Slice(this.#work, this);
  readonly #chores: Chores;
  readonly #errors: InternalErrors;
  readonly #gestureWork: DueWork;
  readonly #statisticsWork: DueWork;
  readonly #bundleWork: DueWork;
  /** Work with a due time, in order of execution. */
  readonly #dueWorks: readonly DueWork[];

  /** Present while the inputs are recorded. */
  #tap: InputTap | undefined;
  #messages = 0;
  /** The time of this batch. Reading the clock per message would cost as much as routing it. */
  #nowMicros: number;

  constructor(options: RouterCoreOptions) {
    this.#options = options;
    const offsets = options.offsets ?? noOffsets;
    this.#offsets = offsets;
    if (options.recorder !== undefined) this.recorder = options.recorder;
    this.#errors = options.internalErrors ?? new InternalErrors();
    this.#tasks = new SessionTasks((task, error) => {
      this.#taskFailed(task, error);
    });
    this.#chores = new Chores(new Slice(this.#work, this), (error) => {
      this.#errors.add(error, 'cleanup of a session');
    });
    this.#tokens = new TokenPermissions(this.#work, offsets);
    this.#owners = new Owners(options.watchToken);
    this.#wills = new LastWills(options);
    this.#sendQueues = new SendQueueBudget(options);
    this.#deliveries = new Dispatcher(this.#sendQueues);
    this.#held = new HeldReplies(this.#deliveries, this.#sendQueues);
    this.#replies = new Replies(this.#deliveries, this.#held);
    this.#hooks = new WriteHooks(tappedHooks(options, () => this.#tap));
    const canSee = this.#hooks.canSee.bind(this.#hooks);
    this.#history = options.writeHistory.length === 0 ? undefined : new WriteHistory(options);
    const logs = [...(this.#history === undefined ? [] : [this.#history]), ...(options.changeLogs ?? [])];
    const changes = new Changes(logs, offsets, (error) => {
      this.#errors.add(error, 'a change log');
    });
    this.#changes = changes;
    const directParams = new DirectParams();
    this.#params = new ParamStore(options, changes, options.paramWatch, directParams);
    this.#signals = new SignalDirectory(options, this.#work, changes);
    const fanOut = new FanOut(this.#deliveries, this.#replies);
    this.#routing = new SignalRouter(fanOut, options, canSee, this.#work, changes);
    this.#passing = new PublishHandler(options, this.#routing, fanOut, {
      find: (id) => this.#sessions.get(id),
      canSee,
    });
    this.#writes = new WriteHandler(this.#params, this.#routing, this.#passing, {
      rules: options.conflictRules,
      maxValueBytes: options.maxValueBytes,
      announced: options.checkAnnounced ? this.#signals : undefined,
      hooks: this.#hooks,
      work: this.#work,
      changes,
      hold: options.replyHold,
    });
    const isChecked =
      options.checkAnnounced ||
      options.signals !== undefined ||
      options.validateWrite !== undefined ||
      options.replyHold !== undefined;
    this.#direct = isChecked
      ? undefined
      : new DirectPath({
          params: this.#params,
          directParams,
          recipients: this.#routing.recipients,
          changes,
          fanOut,
          replies: this.#replies,
          isOrdinary: (address) => this.#passing.isOrdinary(address),
          maxValueBytes: options.maxValueBytes,
          acksAlways: options.acks === 'always',
        });
    this.#system = new SystemSignals(
      { ...options, nowMicros: this.#readMicros },
      this.#routing,
      this.#sessions,
      () => this.statistics(),
      offsets,
    );
    this.#snapshots = new SnapshotSender(this.#tasks, {
      storeFor: (pattern) => this.#storeOf(pattern),
      replies: this.#replies,
      delivered: (session, address, value, follow) => {
        this.#routing.noteDelivered(session, address, value, follow);
      },
      canSee,
      nowMicros: () => this.#nowMicros,
      offsets,
    });
    this.#subscribing = new SubscribeHandler(
      options,
      this.#routing,
      this.#snapshots,
      this.#passing,
      this.#system,
      this.#tasks,
    );
    this.#announcing = new AnnounceHandler(
      options,
      this.#signals,
      this.#wills,
      this.#writes,
      this.#replies,
      this.#work,
    );
    this.#queries = new QueryHandler(options, this.#tasks, {
      signals: this.#signals,
      isVisible: this.#hooks.isVisible.bind(this.#hooks),
      send: (session, signals) => {
        this.#replies.inPieces(session, signals, (some) => ({ type: 'result', signals: some }));
      },
      nowMicros: () => this.#nowMicros,
    });
    this.#scheduled = new ScheduledBundles(options);
    this.#bundles = new BundleRunner({
      scheduled: this.#scheduled,
      writes: this.#writes,
      replies: this.#replies,
      counters: this.#counters,
      offsets,
      readMicros: this.#readMicros,
      dropped: options.bundleDropped,
      failed: (session, error) => {
        this.#workFailed(session, error, 'bundle');
      },
    });
    this.#cleanup = new SessionCleanup({
      publishing: this.#passing,
      wills: this.#wills,
      bundles: this.#bundles,
      system: this.#system,
      params: this.#params,
      errors: this.#errors,
      nowMicros: () => this.#nowMicros,
      protocolMicros: () => this.#protocolMicros,
    });
    this.#handler = new MessageHandler(options, {
      counters: this.#counters,
      work: this.#work,
      writes: this.#writes,
      scheduled: this.#scheduled,
      bundles: this.#bundles,
      subscribes: this.#subscribing,
      announces: this.#announcing,
      queries: this.#queries,
      routing: this.#routing,
      replies: this.#replies,
      system: this.#system,
      hooks: this.#hooks,
      offsets,
      readMicros: this.#readMicros,
      storeOf: (text) => this.#storeOf(text),
    });
    this.#gestureWork = new GuardedWork('gestures', this.#passing, this.#errors);
    this.#statisticsWork = new GuardedWork('statistics', this.#system, this.#errors);
    this.#bundleWork = new GuardedWork('scheduled bundles', this.#bundles, this.#errors);
    this.#dueWorks = [
      this.#gestureWork,
      this.#bundleWork,
      new GuardedWork('paced subscriptions', this.#routing, this.#errors),
      new GuardedWork('expiry of params', this.#params, this.#errors),
      new GuardedWork('expiry of signals', this.#signals, this.#errors),
    ];
    const joined = (session: RouterSession): void => {
      this.#join(session);
    };
    this.#admission = new HelloHandler(
      { ...options, nowMicros: this.#readMicros },
      this.#replies,
      joined,
      this.#limit.bind(this),
      offsets,
    );
    this.#nowMicros = this.#readMicros();
    this.#signals.announceOwn(options.signals?.definitions ?? [], this.#nowMicros);
  }

  /**
   * Receives all further inputs; undefined = they are not recorded. A recording that can be replayed begins with the
   * core, or with its state and without sessions.
   */
  set recorder(recorder: Recorder | undefined) {
    const tap = recorder && new InputTap(recorder);
    this.#tap = tap;
    const { handle, handleBytes } = RouterCore.prototype;
    // Replaced while it is recorded: a check per message cost an event 5 to 9 % in the core.
    this.handle =
      tap === undefined
        ? handle
        : (session, frame, receivedMicros) => {
            tap.frame(session, frame, receivedMicros);
            handle.call(this, session, frame, receivedMicros);
          };
    this.handleBytes =
      tap === undefined
        ? handleBytes
        : (session, bytes, start, end, receivedMicros) => {
            const frame = decodeInbound(bytes, start, end);
            tap.frame(session, frame, receivedMicros);
            if (this.#takeDirectly(session, bytes, start, end)) return;
            handle.call(this, session, frame, receivedMicros);
            this.#direct?.learn(frame.message, bytes, start);
          };
  }

  get paramCount(): number {
    return this.#params.size;
  }

  /** Approximate memory of all params in bytes. */
  get paramBytes(): number {
    return this.#params.bytes;
  }

  /** Approximate memory of paced subscriptions and their pending values in bytes. */
  get pacedBytes(): number {
    return this.#routing.pacedBytes;
  }

  get subscriptionCount(): number {
    return this.#routing.subscriptionCount;
  }

  get signalCount(): number {
    return this.#signals.size;
  }

  get messageCount(): number {
    return this.#messages;
  }

  get deliveryCount(): number {
    return this.#deliveries.count;
  }

  /** The part of {@link steps} that is not deliveries and tasks. A field read, for a check per message. */
  get work(): Readonly<StepCounter> {
    return this.#work;
  }

  /** Steps so far, about 20 ns each: the cost of messages, matching and deliveries. */
  get steps(): number {
    return this.#work.steps + this.#tasks.steps + (this.#deliveries.count >>> 3);
  }

  /** Start time of the current batch. */
  get nowMicros(): number {
    return this.#nowMicros;
  }

  /** Reads the clock for the frames that follow. */
  beginBatch(): void {
    this.#tap?.record({ type: 'batch' });
    this.#beginBatch();
  }

  #beginBatch(): void {
    this.#readClock();
    if (this.#nowMicros >= this.#gestureWork.dueMicros) {
      this.#gestureWork.runDue(this.#nowMicros, this.#slice.begin(GESTURE_STEPS));
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
        return this.#admission.take(session, frame);
      case 'authenticating':
        return this.#admission.hold(session, frame, receivedMicros);
      case 'connecting':
      case 'draining':
      case 'closed':
        return; // the session is not established yet or has ended
    }
  }

  /** Handles the frame `bytes[start, end)` of a session like {@link handle}. Decodes it only if necessary. */
  handleBytes(session: RouterSession, bytes: Uint8Array, start: number, end: number, receivedMicros: number): void {
    if (this.#takeDirectly(session, bytes, start, end)) return;
    const frame = decodeInbound(bytes, start, end);
    this.handle(session, frame, receivedMicros);
    this.#direct?.learn(frame.message, bytes, start);
  }

  #takeDirectly(session: RouterSession, bytes: Uint8Array, start: number, end: number): boolean {
    const direct = this.#direct;
    if (direct === undefined || session.phase !== 'active') return false;
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
    this.#tap?.recordOf(session, { type: 'admitted', session: session.id, grant });
    this.#beginBatch();
    session.grant = grant;
    session.permissions = this.#tokens.of(grant);
    return this.#admission.admit(session);
  }

  /** The results of the visibility filter have changed. The index recomputes all recipients. */
  visibilityChanged(): void {
    this.#tap?.record({ type: 'visibility' });
    this.#routing.recipientsChanged();
  }

  /** Sends an ERROR to a session. If the session is closing, its held replies are dropped. */
  sendError(session: RouterSession, error: ClaspError): void {
    this.#tap?.recordOf(session, { type: 'error', session: session.id, error });
    if (!session.established) this.#held.forget(session);
    this.#replies.error(session, error);
  }

  /**
   * A cut of a store is complete, and so are all earlier ones: sends the replies that wait for it.
   *
   * @param failure why it is not stored: its ACKs become ERROR 500; undefined if it is stored
   */
  settleCut(cut: number, failure?: string): void {
    this.#tap?.record({ type: 'cut', cut, failure });
    this.#replies.settle(cut, failure);
  }

  /** Sends a PING to a session. */
  ping(session: RouterSession): void {
    this.#tap?.recordOf(session, { type: 'ping', session: session.id });
    this.#replies.send(session, { type: 'ping' });
  }

  /**
   * Removes a session: its subscriptions end, its locks are released, its gestures are canceled, its params stay
   * (router.md 3.7). If the session was lost, its last will is executed. From now on its locks exclude no session and
   * it receives nothing. Long work runs in slices.
   */
  leave(session: RouterSession, departure: Departure): void {
    if (session.hasLeft) return;
    this.#tap?.recordOf(session, { type: 'left', session: session.id, departure });
    session.hasLeft = true;
    this.#snapshots.forget(session);
    this.#queries.forget(session);
    const wasEstablished = this.#sessions.delete(session.id);
    this.#beginBatch();
    this.#counters.conflated += session.sendQueue.conflated;
    this.#counters.receivedBytes += session.traffic.receivedBytes;
    this.#counters.sentBytes += session.traffic.sentBytes;
    if (session.owner !== undefined) this.#owners.leave(session, session.owner);
    const subscriptions = this.#routing.leaving(session);
    this.#chores.begin(this.#cleanup.of(session, departure, wasEstablished, subscriptions));
    session.outbox.clear();
    this.#held.forget(session);
    this.#sendQueues.clear(session);
    session.release();
  }

  /**
   * Handles a revoked token: announcements and scheduled bundles of its sessions no longer count. The session machines
   * end the sessions themselves.
   */
  revoke(tokenId: string): void {
    this.#tap?.record({ type: 'revoked', tokenId });
    const owner = this.#owners.revoke(tokenId);
    if (owner === undefined) return;
    this.#chores.begin(this.#signals.forgetting(owner));
    this.#chores.begin(this.#scheduled.forgetting(owner));
  }

  /** When {@link runDue} has work, by the router's clock; Infinity = never. */
  get dueMicros(): number {
    let due = this.#statisticsWork.dueMicros;
    for (const work of this.#dueWorks) if (work !== this.#bundleWork) due = Math.min(due, work.dueMicros);
    return due;
  }

  /** The same for scheduled bundles, which need millisecond precision. */
  get exactDueMicros(): number {
    return this.#bundleWork.dueMicros;
  }

  /**
   * Does the due work, up to the steps of one turn: sends gesture moves, runs bundles, removes expired entries.
   *
   * @returns whether due work remains; if so, call it again in the next turn
   */
  runDue(): boolean {
    this.#tap?.record({ type: 'due' });
    this.#readClock();
    const isLeft = runDueWork(this.#dueWorks, this.#nowMicros, this.#slice, DUE_STEPS);
    if (this.#statisticsWork.dueMicros <= this.#nowMicros) this.#statisticsWork.runDue(this.#nowMicros, this.#slice);
    return isLeft;
  }

  /** Returns the statistics. @param sendBuffers use of the socket buffers, which the core does not know */
  statistics(sendBuffers: MemoryUse = { usedBytes: 0, limitBytes: 0, madeRoom: 0 }): Statistics {
    return collectStatistics(
      {
        limits: this.#options,
        sessions: this.#sessions,
        messageCount: this.#messages,
        counters: this.#counters,
        errors: this.#errors,
        params: this.#params,
        history: this.#history,
        signals: this.#signals,
        wills: this.#wills,
        queries: this.#queries,
        routing: this.#routing,
        publishing: this.#passing,
        bundles: this.#scheduled,
        sendQueues: this.#sendQueues,
        deliveries: this.#deliveries,
        replies: this.#replies,
      },
      sendBuffers,
    );
  }

  /** Returns the state to persist. Walks all entries: for a million params this takes some seconds. */
  state(): RouterState {
    this.beginBatch();
    const { protocolAheadMicros } = this.#offsets;
    return {
      version: 1,
      savedAtMicros: this.#protocolMicros,
      params: Array.from(this.#params.inOrderOfUse(this.#nowMicros), (param) =>
        stateOfParam(param, protocolAheadMicros),
      ),
      gone: [...this.#params.tombstones],
      signals: this.#signals.matching(EVERYTHING, this.#nowMicros).map(stateOfSignal),
    };
  }

  /** Restores a persisted state. */
  restore({ params, gone, signals, savedAtMicros = -Infinity }: RestoredState): void {
    this.beginBatch();
    // If the clock is behind the state, as on a computer without a clock battery, the elapsed time is unknown and
    // counts as 0.
    const backMicros = Math.max(0, savedAtMicros - this.#protocolMicros);
    this.#params.restore(params, gone, this.#nowMicros, this.#offsets.protocolAheadMicros + backMicros);
    for (const param of params) {
      const restored = this.#params.get(param.address, this.#nowMicros);
      if (restored !== undefined) restored.reconcile = reconcileFor(this.#options.conflictRules, param.address);
    }
    this.#signals.restore(signals, this.#nowMicros);
  }

  /** Returns the matching params for the inspector. Changes nothing, not even expired params. */
  viewParams(question: ParamQuery): ParamQueryResult {
    this.beginBatch();
    const pattern = parsePattern(question.pattern);
    const store = this.#storeOf(pattern);
    const subscriberCount = (address: string): number => this.#routing.subscriberCount(address);
    return viewParams(store, pattern, question, subscriberCount, this.#nowMicros, this.#offsets);
  }

  /**
   * Returns all params of clients for a {@link ParamWatch}, including expired ones. Lazy: a walk can pause between turns,
   * and then visits params that were added meanwhile.
   */
  watchedParams(): IterableIterator<WatchedParam> {
    return this.#params.all();
  }

  /** Returns the last writes of a param, oldest first: those that the option `writeHistory` keeps. */
  history(address: string): readonly PastWrite[] {
    this.#changes.flush();
    return this.#history?.of(address) ?? [];
  }

  /**
   * Continues work that takes longer than one turn of the event loop, such as large snapshots. @returns whether work
   * remains
   */
  advanceTasks(): boolean {
    if (this.#tasks.pending) this.#tap?.record({ type: 'tasks' });
    this.#tasks.advance();
    return this.#tasks.pending;
  }

  /** Whether {@link advanceTasks} has work. */
  get hasTasks(): boolean {
    return this.#tasks.pending;
  }

  /** Whether {@link advanceChores} must be called in the next turn. */
  get hasChores(): boolean {
    return this.#chores.pending;
  }

  /** Starts a new turn and continues the cleanup of ended sessions. */
  advanceChores(): void {
    if (!this.#chores.pending) return;
    this.#tap?.record({ type: 'chores' });
    this.#beginBatch();
    this.#chores.advance();
  }

  /** A congested session is active again. Its tasks continue. */
  resume(session: RouterSession): void {
    this.#tap?.recordOf(session, { type: 'resumed', session: session.id });
    this.#tasks.resume(session);
  }

  /**
   * Ends the turn: passes its changes to the change logs. Returns the sessions with a nonempty outbox, each once.
   * Sessions that lost messages get a notice first.
   */
  takeDirty(): readonly RouterSession[] {
    this.#tap?.record({ type: 'turn' });
    this.#changes.flush();
    for (const session of this.#sendQueues.takeLossy()) this.#noteDrops(session);
    return this.#deliveries.takeDirty();
  }

  /** Takes the next queued messages of a congested session: whole messages, at least one, up to `maxBytes`. */
  takeQueued(session: RouterSession, maxBytes: number): Uint8Array {
    this.#tap?.recordOf(session, { type: 'queued', session: session.id, maxBytes });
    return this.#sendQueues.take(session, maxBytes);
  }

  #noteDrops(session: RouterSession): void {
    const drops = session.dropNotice.notice(this.#nowMicros);
    if (drops === undefined || !session.established) return;
    const { bytes, messages, dropped } = session.sendQueue;
    session.notify({ type: 'messages.dropped', dropped, queuedBytes: bytes, queuedMessages: messages });
    this.#replies.error(session, dropNotice(drops));
  }

  /** After WELCOME: sends the current state to the session and presence to others. */
  #join(session: RouterSession): void {
    this.#sessions.set(session.id, session);
    session.owner = this.#owners.join(session);
    session.joinedMicros = this.#nowMicros;
    if (session.link.wantsSnapshot !== false) this.#snapshots.begin(session, EVERYTHING, { evenEmpty: true });
    this.#system.joined(session, this.#nowMicros);
  }

  /**
   * Limits a session to scopes without a token. It has no grant, so its owner is that of its connection. Sessions with
   * equal scopes share the results of the checks.
   */
  #limit(session: RouterSession, scopes: readonly Scope[]): void {
    const tokenId = `scopes:${scopes.map(formatScope).join()}`;
    const none = { subject: undefined, constraints: [], expiresAtSeconds: undefined };
    session.permissions = this.#tokens.of({ tokenId, scopes, ...none });
  }

  /** The rest of a failed reply is not sent. */
  #taskFailed({ session, pattern }: Task, error: unknown): void {
    this.#workFailed(session, error, 'reply in slices', pattern);
  }

  /** An internal error of a session's deferred work counts like one of its messages. */
  #workFailed(session: RouterSession, cause: unknown, work: string, address?: string): void {
    this.#errors.add(cause, work, session);
    if (!session.established) return;
    const error = internalError(cause, address);
    if (this.#errors.isLastOf(session, this.#nowMicros)) session.notify({ type: 'end.failed', error });
    else this.#replies.error(session, error);
  }

  /** Reads the clock, which updates the offsets. */
  readonly #readMicros = (): number => {
    const now = this.#options.nowMicros();
    this.#tap?.time(now, this.#offsets);
    return now;
  };

  #readClock(): void {
    this.#nowMicros = this.#readMicros();
    this.#params.locks.unjudgedSinceMicros = this.#offsets.unjudgedSinceMs * 1_000;
  }

  /** The protocol's time of this batch, in microseconds. */
  get #protocolMicros(): number {
    return this.#nowMicros + this.#offsets.protocolAheadMicros;
  }

  /** Returns the store for the params of an address or pattern. */
  #storeOf(text: string): ParamStore {
    return isSystemAddress(text) ? this.#system.params : this.#params;
  }
}
