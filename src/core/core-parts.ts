import { StepCounter } from '../protocol/step-counter.js';
import { AnnounceHandler } from './announce/announce-handler.js';
import { HelloHandler } from './sessions/hello-handler.js';
import { SessionCleanup } from './sessions/session-cleanup.js';
import { SendQueueBudget } from './congestion/send-queue-budget.js';
import { Changes } from './changes.js';
import { Chores } from './scheduling/chores.js';
import { DirectParams } from './direct/direct-params.js';
import { DirectPath } from './direct/direct-path.js';
import { Dispatcher } from './delivery/dispatcher.js';
import { type DueWork } from './scheduling/due-work.js';
import { FanOut } from './delivery/fan-out.js';
import { GuardedWork } from './scheduling/guarded-work.js';
import { WriteHooks } from './writes/write-hooks.js';
import { tappedHooks } from './input-tap.js';
import { internalError, InternalErrors } from './internal-errors.js';
import { MessageHandler } from './message-handler.js';
import { LastWills } from './announce/last-wills.js';
import { ParamStore } from './params/param-store.js';
import { WriteHistory } from './params/write-history.js';
import { PublishHandler } from './publish/publish-handler.js';
import { QueryHandler } from './announce/query-handler.js';
import { HeldReplies } from './delivery/held-replies.js';
import { Replies } from './delivery/replies.js';
import { Owners } from './quotas/owner.js';
import { TokenPermissions } from './sessions/permissions.js';
import type { RouterSession } from './session.js';
import { SignalRouter } from './delivery/signal-router.js';
import { BundleRunner } from './writes/bundle-runner.js';
import { ScheduledBundles } from './writes/scheduled-bundles.js';
import { SignalDirectory } from './announce/signal-directory.js';
import { SessionTasks, type Task } from './scheduling/session-tasks.js';
import { Slice } from './scheduling/slice.js';
import { SnapshotSender } from './subscriptions/snapshot-sender.js';
import { collectStatistics, type MemoryLimits } from './system/collect-statistics.js';
import type { MemoryUse, Statistics } from './system/statistics.js';
import { SubscribeHandler } from './subscriptions/subscribe-handler.js';
import { Counters } from './system/counters.js';
import { isSystemAddress } from './system/system-addresses.js';
import { SystemSignals } from './system/system-signals.js';
import { WriteHandler } from './writes/write-handler.js';

import type { RouterCoreOptions } from './router-core-options.js';
import type { BatchClock } from './batch-clock.js';
import { watchedStateOf } from './core-state.js';
import { SessionEntry } from './sessions/session-entry.js';
import { SessionExit } from './sessions/session-exit.js';

/** The components of the core, connected to each other. */
export class CoreParts {
  /** Established sessions, by ID. */
  readonly sessions = new Map<string, RouterSession>();
  readonly counters = new Counters();
  /** Steps of messages in addition to their usual ones. */
  readonly work = new StepCounter();
  /** For the statistics. */
  readonly limits: MemoryLimits;
  readonly clock: BatchClock;
  readonly errors: InternalErrors;
  readonly tasks: SessionTasks;
  readonly chores: Chores;
  readonly tokens: TokenPermissions;
  readonly owners: Owners;
  readonly wills: LastWills;
  readonly sendQueues: SendQueueBudget;
  readonly deliveries: Dispatcher;
  readonly held: HeldReplies;
  readonly replies: Replies;
  readonly hooks: WriteHooks;
  readonly history: WriteHistory | undefined;
  readonly changes: Changes;
  readonly params: ParamStore;
  readonly signals: SignalDirectory;
  readonly routing: SignalRouter;
  readonly publishing: PublishHandler;
  readonly writes: WriteHandler;
  /** Undefined if all messages must be decoded, because hooks, announced ranges or a store check them. */
  readonly direct: DirectPath | undefined;
  readonly system: SystemSignals;
  readonly snapshots: SnapshotSender;
  readonly subscribes: SubscribeHandler;
  readonly announces: AnnounceHandler;
  readonly queries: QueryHandler;
  readonly scheduled: ScheduledBundles;
  readonly bundles: BundleRunner;
  readonly cleanup: SessionCleanup;
  readonly exit: SessionExit;
  readonly handler: MessageHandler;
  readonly hello: HelloHandler;
  readonly gestureWork: DueWork;
  readonly statisticsWork: DueWork;
  readonly bundleWork: DueWork;
  /** Work with a due time, in order of execution. */
  readonly dueWorks: readonly DueWork[];

  readonly #messageCount: () => number;

  /** @param messageCount returns the number of messages since the router started */
  constructor(options: RouterCoreOptions, clock: BatchClock, messageCount: () => number) {
    this.#messageCount = messageCount;
    const { offsets } = clock;
    this.limits = options;
    this.clock = clock;
    this.errors = options.internalErrors ?? new InternalErrors();
    this.tasks = new SessionTasks((task, error) => {
      this.#taskFailed(task, error);
    });
    this.chores = new Chores(new Slice(this.work, this), (error) => {
      this.errors.add(error, 'cleanup of a session');
    });
    this.tokens = new TokenPermissions(this.work, offsets);
    this.owners = new Owners(options.watchToken);
    this.wills = new LastWills(options);
    this.sendQueues = new SendQueueBudget(options);
    this.deliveries = new Dispatcher(this.sendQueues);
    this.held = new HeldReplies(this.deliveries, this.sendQueues);
    this.replies = new Replies(this.deliveries, this.held);
    this.hooks = new WriteHooks(tappedHooks(options, () => clock.tap));
    const canSee = this.hooks.canSee.bind(this.hooks);
    this.history = options.writeHistory.length === 0 ? undefined : new WriteHistory(options);
    const logs = [...(this.history === undefined ? [] : [this.history]), ...(options.changeLogs ?? [])];
    const changes = new Changes(logs, offsets, (error) => {
      this.errors.add(error, 'a change log');
    });
    this.changes = changes;
    const directParams = new DirectParams();
    this.params = new ParamStore(options, changes, options.paramWatch, directParams);
    this.signals = new SignalDirectory(options, this.work, changes);
    const fanOut = new FanOut(this.deliveries, this.replies);
    this.routing = new SignalRouter(fanOut, options, canSee, this.work, changes);
    this.publishing = new PublishHandler(options, this.routing, fanOut, {
      find: (id) => this.sessions.get(id),
      canSee,
    });
    this.writes = new WriteHandler(this.params, this.routing, this.publishing, {
      rules: options.conflictRules,
      maxValueBytes: options.maxValueBytes,
      announced: options.checkAnnounced ? this.signals : undefined,
      hooks: this.hooks,
      work: this.work,
      changes,
      hold: options.replyHold,
    });
    const isChecked =
      options.checkAnnounced ||
      options.signals !== undefined ||
      options.validateWrite !== undefined ||
      options.replyHold !== undefined;
    this.direct = isChecked
      ? undefined
      : new DirectPath({
          params: this.params,
          directParams,
          recipients: this.routing.recipients,
          changes,
          fanOut,
          replies: this.replies,
          isOrdinary: (address) => this.publishing.isOrdinary(address),
          maxValueBytes: options.maxValueBytes,
          acksAlways: options.acks === 'always',
        });
    this.system = new SystemSignals(
      { ...options, nowMicros: clock.read },
      this.routing,
      this.sessions,
      () => this.statistics(),
      offsets,
    );
    this.snapshots = new SnapshotSender(this.tasks, {
      storeFor: (pattern) => this.storeOf(pattern),
      replies: this.replies,
      delivered: (session, address, value, follow) => {
        this.routing.noteDelivered(session, address, value, follow);
      },
      canSee,
      nowMicros: () => clock.nowMicros,
      offsets,
    });
    this.subscribes = new SubscribeHandler(
      options,
      this.routing,
      this.snapshots,
      this.publishing,
      this.system,
      this.tasks,
    );
    this.announces = new AnnounceHandler(options, this.signals, this.wills, this.writes, this.replies, this.work);
    this.queries = new QueryHandler(options, this.tasks, {
      signals: this.signals,
      isVisible: this.hooks.isVisible.bind(this.hooks),
      send: (session, signals) => {
        this.replies.inPieces(session, signals, (some) => ({ type: 'result', signals: some }));
      },
      nowMicros: () => clock.nowMicros,
    });
    this.scheduled = new ScheduledBundles(options);
    this.bundles = new BundleRunner({
      scheduled: this.scheduled,
      writes: this.writes,
      replies: this.replies,
      counters: this.counters,
      offsets,
      readMicros: clock.read,
      dropped: options.bundleDropped,
      failed: (session, error) => {
        this.#workFailed(session, error, 'bundle');
      },
    });
    this.cleanup = new SessionCleanup({
      publishing: this.publishing,
      wills: this.wills,
      bundles: this.bundles,
      system: this.system,
      params: this.params,
      errors: this.errors,
      nowMicros: () => clock.nowMicros,
      protocolMicros: () => clock.protocolMicros,
    });
    this.exit = new SessionExit(this);
    this.handler = new MessageHandler(options, {
      counters: this.counters,
      work: this.work,
      writes: this.writes,
      scheduled: this.scheduled,
      bundles: this.bundles,
      subscribes: this.subscribes,
      announces: this.announces,
      queries: this.queries,
      routing: this.routing,
      replies: this.replies,
      system: this.system,
      hooks: this.hooks,
      offsets,
      readMicros: clock.read,
      storeOf: (text) => this.storeOf(text),
    });
    this.gestureWork = new GuardedWork('gestures', this.publishing, this.errors);
    this.statisticsWork = new GuardedWork('statistics', this.system, this.errors);
    this.bundleWork = new GuardedWork('scheduled bundles', this.bundles, this.errors);
    this.dueWorks = [
      this.gestureWork,
      this.bundleWork,
      new GuardedWork('paced subscriptions', this.routing, this.errors),
      new GuardedWork('expiry of params', this.params, this.errors),
      new GuardedWork('expiry of signals', this.signals, this.errors),
    ];
    const entry = new SessionEntry(this);
    this.hello = new HelloHandler(
      { ...options, nowMicros: clock.read },
      this.replies,
      entry.join,
      entry.limit,
      offsets,
    );
    clock.nowMicros = clock.read();
    this.signals.announceOwn(options.signals?.definitions ?? [], clock.nowMicros);
    options.paramWatch?.attach?.(watchedStateOf(this));
  }

  /** Steps so far, about 20 ns each: the cost of messages, matching and deliveries. */
  get steps(): number {
    return this.work.steps + this.tasks.steps + (this.deliveries.count >>> 3);
  }

  get messageCount(): number {
    return this.#messageCount();
  }

  /** Returns the store for the params of an address or pattern. */
  storeOf(text: string): ParamStore {
    return isSystemAddress(text) ? this.system.params : this.params;
  }

  /** Returns the statistics. @param sendBuffers use of the socket buffers, which the core does not know */
  statistics(sendBuffers: MemoryUse = { usedBytes: 0, limitBytes: 0, madeRoom: 0 }): Statistics {
    return collectStatistics(this, sendBuffers);
  }

  /** The rest of a failed reply is not sent. */
  #taskFailed({ session, pattern }: Task, error: unknown): void {
    this.#workFailed(session, error, 'reply in slices', pattern);
  }

  /** An internal error of a session's deferred work counts like one of its messages. */
  #workFailed(session: RouterSession, cause: unknown, work: string, address?: string): void {
    this.errors.add(cause, work, session);
    if (!session.established) return;
    const error = internalError(cause, address);
    if (this.errors.isLastOf(session, this.clock.nowMicros)) session.notify({ type: 'end.failed', error });
    else this.replies.error(session, error);
  }
}
