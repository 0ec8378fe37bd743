import type { patternOptions, sessionSubscriptionOptions } from './subscription-options.js';
import type { OptionValues } from '../../util/option.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { SubscribeMessage } from '../../protocol/messages/message.js';
import { parsePattern, type Pattern } from '../../protocol/pattern.js';
import { paceOf } from './rate-policy.js';
import type { PublishHandler } from '../publish/publish-handler.js';
import { nodesOf } from './pattern-trie.js';
import type { RouterSession } from '../session.js';
import type { SignalRouter } from '../delivery/signal-router.js';
import type { SessionTasks } from '../scheduling/session-tasks.js';
import type { SnapshotSender } from './snapshot-sender.js';
import { acceptsType, type Subscription, subscription } from './subscription.js';
import { isSystemAddress } from '../system/system-addresses.js';
import type { SystemSignals } from '../system/system-signals.js';

export type PatternLimits = OptionValues<typeof patternOptions>;

export type SubscribingOptions = OptionValues<typeof sessionSubscriptionOptions & typeof patternOptions>;

/** Steps that sending timelines can take at once. */
const TIMELINE_STEPS = 16_384;

/** Handles SUBSCRIBE and UNSUBSCRIBE (router.md 5.1): permissions, limits and the initial snapshot. */
export class SubscribeHandler {
  readonly #options: SubscribingOptions;
  readonly #routing: SignalRouter;
  readonly #snapshots: SnapshotSender;
  readonly #passing: PublishHandler;
  readonly #system: SystemSignals;
  readonly #tasks: SessionTasks;

  constructor(
    options: SubscribingOptions,
    routing: SignalRouter,
    snapshots: SnapshotSender,
    passing: PublishHandler,
    system: SystemSignals,
    tasks: SessionTasks,
  ) {
    this.#options = options;
    this.#routing = routing;
    this.#snapshots = snapshots;
    this.#passing = passing;
    this.#system = system;
    this.#tasks = tasks;
  }

  /** @throws ClaspError 202 for an invalid or too costly pattern, 301 and 302 without permission, 429 over a limit */
  subscribe(session: RouterSession, message: SubscribeMessage, nowMicros: number): void {
    const held = this.#routing.subscriptionOf(session, message.id);
    const limit = this.#options.maxSubscriptionsPerSession;
    if (limit > 0 && held === undefined && session.holdings.subscriptions >= limit) {
      throw new ClaspError(ErrorCode.RateLimited, `Subscription limit reached (max ${limit})`, {
        address: message.pattern,
      });
    }
    const pattern = parsePattern(message.pattern);
    checkGlobstars(pattern, this.#options);
    this.#checkSegments(session, pattern, held);
    session.permissions.checkSubscribe(pattern, nowMicros);
    this.#routing.checkMatchSteps(session, pattern);
    this.#routing.checkMemory(session, pattern, held);
    if (held !== undefined) this.#end(held); // a repeated ID replaces the subscription (wire.md 17, Q36)
    if (isSystemAddress(pattern)) this.#system.asked(nowMicros);
    const added = subscription(session, message.id, pattern, message.types, message.options);
    this.#routing.subscribe(added);
    if (acceptsType(added, 'param')) {
      const follow = (paceOf(message.options, 'param')?.epsilon ?? 0) > 0;
      const history = message.options?.history ?? 1;
      this.#snapshots.begin(session, pattern, { history, follow, subscription: added });
    }
    if (acceptsType(added, 'timeline')) this.#tasks.begin(this.#passing.timelinesFor(session, pattern), TIMELINE_STEPS);
  }

  unsubscribe(session: RouterSession, id: number): void {
    const held = this.#routing.subscriptionOf(session, id);
    if (held !== undefined) this.#end(held);
  }

  /**
   * Checks the limits for a session's patterns and for all sessions together. @param held the subscription being
   * replaced
   */
  #checkSegments(session: RouterSession, pattern: Pattern, held: Subscription | undefined): void {
    const limit = this.#options.maxPatternSegmentsPerSession;
    const freed = held === undefined ? 0 : nodesOf(held.pattern);
    const segments = this.#routing.segmentsOf(session) - freed + nodesOf(pattern);
    if (limit === 0 || segments <= limit) return;
    const text = `Subscription limit reached: its patterns would have ${segments} segments in all (max ${limit})`;
    throw new ClaspError(ErrorCode.RateLimited, text, { address: pattern });
  }

  /** Ends a subscription and cancels its snapshot. Otherwise a session could start any number of snapshots. */
  #end(subscription: Subscription): void {
    this.#routing.unsubscribe(subscription);
    this.#snapshots.cancel(subscription);
  }
}

/**
 * Limits the cost of a pattern for writes to new addresses and for the router's searches.
 *
 * @throws ClaspError 202
 */
export function checkGlobstars(pattern: Pattern, { maxGlobstars }: PatternLimits): void {
  const globstars = pattern.split('/').filter((segment) => segment === '**').length;
  if (maxGlobstars === 0 || globstars <= maxGlobstars) return;
  const text = `invalid pattern: it has ${globstars} "**"; the limit is ${maxGlobstars}`;
  throw new ClaspError(ErrorCode.PatternError, text, { address: pattern });
}
