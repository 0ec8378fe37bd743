import type { ActorOptions, AnyActorLogic } from 'xstate';
import { z } from 'zod';
import {
  type Authenticator,
  type Logger,
  type SignalRules,
  silentLogger,
  type VisibilityFilter,
  type WriteValidator,
} from '../core/ports.js';
import {
  type ConflictRule,
  type ConflictStrategy,
  conflictStrategies,
  type Merge,
} from '../core/params/conflict-strategies.js';
import type { HistoryRule } from '../core/params/param-history.js';
import { readState, type RestoredState, RouterStateError } from '../core/params/param-state.js';
import { hasMethods, shown } from '../util/arguments.js';
import { type Clock, systemClock } from '../util/clock.js';
import { didYouMean } from '../util/did-you-mean.js';
import { defaultMemoryBytes, memoryLimits, type MemoryLimits } from './memory-budget.js';
import { segmentsFault } from '../protocol/address.js';
import { type Feature, signalTypes } from '../protocol/enumerations.js';
import { definitionFault } from '../protocol/messages/definition-fault.js';
import { parsePattern } from '../protocol/pattern.js';
import { isTransport, type Transport } from '../transports/transport.js';
import type { LibraryErrorCode } from '../util/library-errors.js';

/** The options of a router. All are optional; the defaults suit a show. */
export interface RouterOptions {
  /** Name of the router in WELCOME; 1 to 255 characters. @default 'CLASP Router' */
  readonly name?: string | undefined;
  /** Features in WELCOME: any of the five signal types. @default all five */
  readonly features?: readonly Exclude<Feature, 'federation'>[] | undefined;
  /** Maximum sessions, including those without HELLO; 0 = unlimited. @default 100 */
  readonly maxSessions?: number | undefined;
  /** Maximum sessions from one address, except those of this computer; 0 = unlimited. @default 0 */
  readonly maxSessionsPerAddress?: number | undefined;
  /** Maximum sessions of one token; one more gets ERROR 503. 0 = unlimited. @default 0 */
  readonly maxSessionsPerToken?: number | undefined;
  /** Maximum sessions without HELLO, except those of this computer; 0 = unlimited. @default 512 */
  readonly maxHalfOpen?: number | undefined;
  /** The same for one address; 0 = unlimited. @default 64 */
  readonly maxHalfOpenPerAddress?: number | undefined;
  /** Seconds without traffic after which a session is closed, at most 604_800; 0 = never. @default 300 */
  readonly sessionTimeoutSeconds?: number | undefined;
  /** Whether HELLO needs a token. @default 'authenticated' with an authenticator, otherwise 'open' */
  readonly securityMode?: 'open' | 'authenticated' | undefined;
  /** Validates tokens. Without one, a router in authenticated mode refuses every HELLO. @default none */
  readonly authenticator?: Authenticator | undefined;
  /**
   * Definitions of signals and their values (402), from `defineSignals()`. The router announces them.
   * @default none: any value is permitted
   */
  readonly signals?: SignalRules | undefined;
  /** Accepts or refuses every write, after the scopes. @default every write passes */
  readonly validateWrite?: WriteValidator | undefined;
  /**
   * Whether a session can see an address. Notify the router if the results change. @default all sessions see all
   * addresses
   */
  readonly isVisible?: VisibilityFilter | undefined;
  /** Whether a router with tokens accepts them over UDP, where every host on the path can read them. @default false */
  readonly allowInsecureUdp?: boolean | undefined;
  /** Maximum subscriptions of one session; 0 = unlimited. @default 1_000 */
  readonly maxSubscriptionsPerSession?: number | undefined;
  /**
   * Maximum segments of all patterns of a session, about 100 bytes each, at most 200; 0 = unlimited. A usual pattern
   * has five.
   * @default 16_384
   */
  readonly maxPatternSegmentsPerSession?: number | undefined;
  /**
   * Approximate maximum bytes of the subscriptions of all sessions; 0 = unlimited. If a subscription would exceed the
   * limit, the session with the most, of the owner with the most, is closed. @default a sixteenth of `maxMemoryBytes`
   */
  readonly maxSubscriptionBytes?: number | undefined;
  /**
   * Maximum bytes of the unfinished answers to QUERYs of all sessions; 0 = unlimited. Above it, a session that does not
   * read is closed, and other answers wait. @default a 64th of `maxMemoryBytes`
   */
  readonly maxQueryBytes?: number | undefined;
  /**
   * Maximum number of `**` in one pattern of a SUBSCRIBE or QUERY; 0 = unlimited. Each multiplies the cost of finding
   * the recipients of a new address. @default 4
   */
  readonly maxGlobstars?: number | undefined;
  /**
   * Maximum steps, of about 20 ns, for matching one address with the patterns of all sessions. One owner can use a
   * quarter. Only wildcards in the middle of a pattern count, and those after a `**` for each segment that an address
   * can have. 0 = unlimited. @default 65_536
   */
  readonly maxMatchSteps?: number | undefined;
  /** Maximum bytes of one value, at most 65_535, the limit of a frame. @default 65_535 */
  readonly maxValueBytes?: number | undefined;
  /** Maximum malformed frames per minute. Above it the session is closed. At least 1. @default 100 */
  readonly maxMalformedPerMinute?: number | undefined;
  /**
   * Maximum messages per second of one session. A bundle counts the messages in it. The router drops the excess and
   * answers ERROR 429, at most once per second. 0 = unlimited.
   * @default 0 on an open router, 100_000 in authenticated mode: four DMX universes at 44 Hz
   */
  readonly maxMessagesPerSecond?: number | undefined;
  /** Whether SET and BUNDLE are acknowledged only if their frame requests it (QoS 1 or 2). @default 'requested' */
  readonly acks?: 'requested' | 'always' | undefined;
  /** Whether GET of an address without a param gets ERROR 201 or no answer. @default 'error' */
  readonly unknownAddress?: 'error' | 'silent' | undefined;
  /** Maximum params; 0 = unlimited. @default 1_000_000 */
  readonly maxParams?: number | undefined;
  /**
   * Approximate maximum bytes of all data of the router; at least 16 MiB. The limits of single kinds default to shares
   * of it.
   * @default a quarter of the memory of the machine or container, at most half of the JavaScript heap
   */
  readonly maxMemoryBytes?: number | undefined;
  /**
   * Approximate maximum bytes of all params, including indexes and history; 0 = unlimited. @default half of
   * `maxMemoryBytes`
   */
  readonly maxParamBytes?: number | undefined;
  /**
   * The evicted param at the limit: `lru`, the param not written or read for longest; `oldest`, the one not written for
   * longest; `reject`, none: the write is refused (503). A locked param is evicted last. @default 'lru'
   */
  readonly eviction?: 'lru' | 'oldest' | 'reject' | undefined;
  /** Seconds without use after which a param without a TTL expires, at most 31_536_000; 0 = never. @default 0 */
  readonly paramTtlSeconds?: number | undefined;
  /** Seconds after which a lock ends, at most 604_800; 0 = never. @default 0 */
  readonly maxLockSeconds?: number | undefined;
  /** Conflict strategies for writes to one param; the first matching rule applies. @default the last write wins */
  readonly conflictRules?: readonly ConflictRuleOption[] | undefined;
  /**
   * Maximum pairs of a session and an address of subscriptions with `maxRate`, `epsilon` or `window`, about 550 bytes
   * each. Above it, the address that has been paced for longest restarts. At least 1. @default 1_000_000
   */
  readonly maxPaced?: number | undefined;
  /**
   * Approximate maximum bytes of these pairs and their pending messages and samples, with the same effect; 0 =
   * unlimited.
   * @default a sixteenth of `maxMemoryBytes`
   */
  readonly maxPacedBytes?: number | undefined;
  /**
   * Rules for keeping replaced values of params, for SUBSCRIBE with `history`; the first matching rule applies.
   * @default none
   */
  readonly historyRules?: readonly HistoryRuleOption[] | undefined;
  /** Maximum announced signals; 0 = unlimited. @default 10_000 */
  readonly maxSignals?: number | undefined;
  /**
   * Approximate maximum bytes of all announced signals, including indexes; 0 = unlimited. @default a 64th of
   * `maxMemoryBytes`, at most 16_777_216
   */
  readonly maxSignalBytes?: number | undefined;
  /** Seconds after its last ANNOUNCE at which a signal is removed, at most 31_536_000; 0 = never. @default 0 */
  readonly signalTtlSeconds?: number | undefined;
  /** Whether a SET outside the announced range, or of another type, is refused (402). @default false */
  readonly checkAnnounced?: boolean | undefined;
  /** Maximum addresses whose last timeline is stored for later subscribers, at most 65_536; 0 = none. @default 0 */
  readonly maxTimelines?: number | undefined;
  /**
   * Approximate maximum bytes of these timelines; the oldest is removed; 0 = unlimited. @default a 64th of
   * `maxMemoryBytes`
   */
  readonly maxTimelineBytes?: number | undefined;
  /** Whether subscribers below `/$clasp/sessions` can see the sessions. @default true */
  readonly presence?: boolean | undefined;
  /** Minimum milliseconds between two moves of one gesture, at most 10_000; 0 = every move passes. @default 16 */
  readonly gestureIntervalMs?: number | undefined;
  /** Maximum seconds between now and the time of a bundle, at most 604_800. @default 86_400 */
  readonly maxScheduleSeconds?: number | undefined;
  /** Maximum scheduled bundles of one session; 0 = unlimited. @default 1_000 */
  readonly maxPendingBundlesPerSession?: number | undefined;
  /**
   * Maximum bytes of all scheduled bundles. At least 65_536. @default a 32nd of `maxMemoryBytes`, at most 268_435_456
   */
  readonly maxPendingBundleBytes?: number | undefined;
  /**
   * Maximum bytes of the last wills of all sessions; 0 = unlimited. @default a 64th of `maxMemoryBytes`, at most
   * 16_777_216
   */
  readonly maxWillBytes?: number | undefined;
  /** Maximum seconds until HELLO, above 0, at most 3_600. @default 10 */
  readonly helloTimeoutSeconds?: number | undefined;
  /** Maximum seconds in which a peer must read its close, and maximum seconds of `stop()`; 0 to 3_600. @default 5 */
  readonly drainTimeoutSeconds?: number | undefined;
  /** Unsent bytes in a socket above which its session is congested; at least 1. @default 1_048_576 */
  readonly highWaterBytes?: number | undefined;
  /**
   * Maximum unsent bytes in the sockets of all sessions; 0 = unlimited. Above half of it, `highWaterBytes` is at most
   * 65_536. Above it, the session whose socket holds the most is closed. @default a sixteenth of `maxMemoryBytes`
   */
  readonly maxSendBufferBytes?: number | undefined;
  /**
   * Maximum queued bytes of one congested session; above it the session is closed. At least 65_536. @default 4_194_304
   */
  readonly maxQueueBytes?: number | undefined;
  /** Maximum queued messages of one congested session; above it the session is closed. At least 1. @default 65_536 */
  readonly maxQueueMessages?: number | undefined;
  /**
   * Maximum bytes of the queues of all congested sessions, including 250 bytes for each message. Above it, the session
   * with the largest queue loses messages or is closed. At least 65_536. @default a sixteenth of `maxMemoryBytes`, at
   * most 268_435_456
   */
  readonly maxQueueBytesTotal?: number | undefined;
  /** Transports that `start()` opens. `listen` opens further ones. @default none */
  readonly transports?: readonly Transport[] | undefined;
  /**
   * The initial state: the result of `state()` of an earlier router, directly or through JSON. Params keep their
   * values, revisions and times; no lock is restored. @default no state
   */
  readonly state?: unknown;
  /** The source of time, see docs/clocks.md; xstate's SimulatedClock in tests. @default the system clock */
  readonly clock?: Clock | undefined;
  /** The logger, such as a pino logger. @default no log */
  readonly logger?: Logger | undefined;
  /** Returns unique session ids. @default crypto.randomUUID */
  readonly newId?: (() => string) | undefined;
  /** Observes all events of the actors, as XState's `inspect`. It reduces throughput: use it only for inspection. */
  readonly inspect?: ActorOptions<AnyActorLogic>['inspect'];
}

export interface ConflictRuleOption {
  /** Pattern of the addresses: `/levels/**`. */
  readonly pattern: string;
  /**
   * `lww`: the last write wins. `max` and `min`: only a greater or smaller number is accepted, Int and Float alike.
   * `merge`: the incoming value is merged into the stored one. `lock`: the same as `lww`, since a lock is always
   * exclusive.
   */
  readonly strategy: ConflictStrategy;
  /** For `merge`: merges the stored and the incoming value. @default maps entry by entry, at every level */
  readonly merge?: Merge | undefined;
}

export interface HistoryRuleOption {
  /** Pattern of the addresses: `/sensors/**`. */
  readonly pattern: string;
  /** Number of stored values of each param, including the current one; 1 to 10_000. */
  readonly depth: number;
}

/** Options without a default. */
type LeftOpen = 'signals' | 'newId' | 'inspect' | 'authenticator' | 'validateWrite' | 'isVisible';

/** Options whose input and internal form differ. */
type Read = 'conflictRules' | 'historyRules' | 'state';

/** Options with all defaults. */
export type ResolvedRouterOptions = {
  readonly [K in Exclude<keyof RouterOptions, LeftOpen | Read>]-?: Exclude<RouterOptions[K], undefined>;
} & Pick<RouterOptions, LeftOpen> & {
    readonly conflictRules: readonly ConflictRule[];
    readonly historyRules: readonly HistoryRule[];
    readonly state: RestoredState | undefined;
  };

/** An unknown option or an invalid value. The message is one sentence that names the option. */
export class RouterOptionsError extends Error {
  override readonly name = 'RouterOptionsError';
  readonly code = 'CLASP_ERR_OPTIONS' satisfies LibraryErrorCode;
}

/**
 * Default of `maxMessagesPerSecond` in authenticated mode. One DMX universe as 512 SETs per bundle at 40 Hz is 20,480
 * messages per second.
 */
const AUTHENTICATED_MESSAGES_PER_SECOND = 100_000;

/**
 * Validates options and adds the defaults.
 *
 * @throws RouterOptionsError for the first invalid one
 */
export function parseRouterOptions(options: RouterOptions = {}): ResolvedRouterOptions {
  const parsed = schema.safeParse(options);
  if (parsed.success) {
    const { conflictRules, historyRules, state, ...rest } = parsed.data;
    const maxMemoryBytes = rest.maxMemoryBytes ?? defaultMemoryBytes();
    const securityMode = rest.securityMode ?? (rest.authenticator === undefined ? 'open' : 'authenticated');
    return {
      ...rest,
      securityMode,
      maxMemoryBytes,
      ...withDefaults(rest, memoryLimits(maxMemoryBytes)),
      maxMessagesPerSecond:
        rest.maxMessagesPerSecond ?? (securityMode === 'open' ? 0 : AUTHENTICATED_MESSAGES_PER_SECOND),
      conflictRules: conflictRules.map(conflictRule),
      historyRules: historyRules.map(historyRule),
      state: state === undefined ? undefined : restoredState(state),
    };
  }
  throw new RouterOptionsError(sentence(parsed.error.issues[0]!)); // a failure has at least one issue
}

/** Returns the limits in bytes: those of the options, else those of the budget. */
function withDefaults(
  given: { readonly [K in keyof MemoryLimits]?: number | undefined },
  budget: MemoryLimits,
): MemoryLimits {
  return {
    maxParamBytes: given.maxParamBytes ?? budget.maxParamBytes,
    maxPacedBytes: given.maxPacedBytes ?? budget.maxPacedBytes,
    maxSubscriptionBytes: given.maxSubscriptionBytes ?? budget.maxSubscriptionBytes,
    maxQueueBytesTotal: given.maxQueueBytesTotal ?? budget.maxQueueBytesTotal,
    maxSendBufferBytes: given.maxSendBufferBytes ?? budget.maxSendBufferBytes,
    maxPendingBundleBytes: given.maxPendingBundleBytes ?? budget.maxPendingBundleBytes,
    maxSignalBytes: given.maxSignalBytes ?? budget.maxSignalBytes,
    maxWillBytes: given.maxWillBytes ?? budget.maxWillBytes,
    maxQueryBytes: given.maxQueryBytes ?? budget.maxQueryBytes,
    maxTimelineBytes: given.maxTimelineBytes ?? budget.maxTimelineBytes,
  };
}

const schema = z.strictObject({
  name: like<string>((value) => typeof value === 'string' && value.length >= 1 && value.length <= 255, {
    must: 'be a text of 1 to 255 characters',
  }).default('CLASP Router'),
  features: like<readonly (typeof signalTypes)[number][]>(
    (value) => Array.isArray(value) && value.every(isSignalType),
    {
      must: `be a list of ${signalTypes.join(', ')}`,
    },
  ).default(signalTypes),
  maxSessions: whole(0).default(100),
  maxSessionsPerAddress: whole(0).default(0),
  maxSessionsPerToken: whole(0).default(0),
  maxHalfOpen: whole(0).default(512),
  maxHalfOpenPerAddress: whole(0).default(64),
  sessionTimeoutSeconds: seconds(0, 604_800).default(300),
  securityMode: oneOf('open', 'authenticated').optional(),
  authenticator: like<Authenticator>((value) => hasMethods(value, ['authenticate', 'onRevoked']), {
    must: 'have the methods authenticate and onRevoked',
  }).optional(),
  signals: like<SignalRules>(
    (value) => hasMethods(value, ['check']) && areDefinitions(Reflect.get(Object(value) as object, 'definitions')),
    { must: 'be what defineSignals() gives' },
  ).optional(),
  validateWrite: hook<WriteValidator>(),
  isVisible: hook<VisibilityFilter>(),
  allowInsecureUdp: flag().default(false),
  maxSubscriptionsPerSession: whole(0).default(1_000),
  maxPatternSegmentsPerSession: whole(0).default(16_384),
  maxGlobstars: whole(0).default(4),
  maxMatchSteps: whole(0).default(65_536),
  maxValueBytes: like<number>((value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535, {
    must: 'be a whole number of bytes from 1 to 65535',
  }).default(65_535),
  maxMalformedPerMinute: whole(1).default(100),
  maxMessagesPerSecond: whole(0).optional(),
  acks: oneOf('requested', 'always').default('requested'),
  unknownAddress: oneOf('error', 'silent').default('error'),
  maxParams: whole(0).default(1_000_000),
  maxMemoryBytes: whole(16_777_216).optional(),
  maxParamBytes: whole(0).optional(),
  eviction: oneOf('lru', 'oldest', 'reject').default('lru'),
  paramTtlSeconds: seconds(0, 31_536_000).default(0),
  maxLockSeconds: seconds(0, 604_800).default(0),
  conflictRules: like<readonly ConflictRuleOption[]>((value) => Array.isArray(value) && value.every(isConflictRule), {
    must: `be a list of rules, each with a pattern and a strategy (${conflictStrategies.join(', ')})`,
  }).default([]),
  maxPaced: whole(1).default(1_000_000),
  maxPacedBytes: whole(0).optional(),
  historyRules: like<readonly HistoryRuleOption[]>((value) => Array.isArray(value) && value.every(isHistoryRule), {
    must: 'be a list of rules, each with a pattern and a depth from 1 to 10000',
  }).default([]),
  maxSignals: whole(0).default(10_000),
  maxSignalBytes: whole(0).optional(),
  signalTtlSeconds: seconds(0, 31_536_000).default(0),
  checkAnnounced: flag().default(false),
  maxTimelineBytes: whole(0).optional(),
  maxTimelines: like<number>((value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_536, {
    must: 'be a whole number from 0 to 65536',
  }).default(0),
  presence: flag().default(true),
  gestureIntervalMs: like<number>((value) => typeof value === 'number' && value >= 0 && value <= 10_000, {
    must: 'be a number of milliseconds from 0 to 10000',
  }).default(16),
  maxScheduleSeconds: seconds(0, 604_800).default(86_400),
  maxPendingBundlesPerSession: whole(0).default(1_000),
  maxPendingBundleBytes: whole(65_536).optional(),
  maxWillBytes: whole(0).optional(),
  maxSubscriptionBytes: whole(0).optional(),
  maxQueryBytes: whole(0).optional(),
  maxSendBufferBytes: whole(0).optional(),
  helloTimeoutSeconds: seconds(Number.MIN_VALUE, 3_600).default(10),
  drainTimeoutSeconds: seconds(0, 3_600).default(5),
  highWaterBytes: whole(1).default(1_048_576),
  maxQueueBytes: whole(65_536).default(4_194_304),
  maxQueueMessages: whole(1).default(65_536),
  maxQueueBytesTotal: whole(65_536).optional(),
  transports: like<readonly Transport[]>((value) => Array.isArray(value) && value.every(isTransport), {
    must: 'be a list of transports, such as webSocket()',
  }).default([]),
  state: z.unknown().optional(),
  clock: like<Clock>(isClock, {
    must: 'have the methods now, setTimeout and clearTimeout, and may have wallNow',
  }).default(systemClock),
  logger: like<Logger>((value) => hasMethods(value, ['debug', 'info', 'warn', 'error']), {
    must: 'have the methods debug, info, warn and error',
  }).default(silentLogger),
  newId: hook<() => string>(),
  inspect: like<NonNullable<RouterOptions['inspect']>>(
    (value) => typeof value === 'function' || hasMethods(value, []),
    {
      must: 'be a function or an observer',
    },
  ).optional(),
}) satisfies z.ZodType<unknown, RouterOptions>;

export const routerOptionNames: readonly string[] = Object.keys(schema.shape);

/** Validates with a custom check, because the texts of zod state only what a value is not. */
function like<T>(check: (value: unknown) => boolean, { must }: { readonly must: string }): z.ZodType<T, T> {
  return z.custom<T>(check, { error: ({ input }) => `must ${must}, not ${shown(input)}` });
}

function hook<T>(): z.ZodOptional<z.ZodType<T, T>> {
  return like<T>((value) => typeof value === 'function', { must: 'be a function' }).optional();
}

function whole(least: number): z.ZodType<number, number> {
  return like<number>((value) => Number.isSafeInteger(value) && Number(value) >= least, {
    must: `be a whole number of at least ${least}`,
  });
}

function flag(): z.ZodType<boolean, boolean> {
  return like<boolean>((value) => typeof value === 'boolean', { must: 'be true or false' });
}

function seconds(least: number, most: number): z.ZodType<number, number> {
  const range = least === Number.MIN_VALUE ? `above 0 and at most ${most}` : `from ${least} to ${most}`;
  return like<number>((value) => typeof value === 'number' && value >= least && value <= most, {
    must: `be a number of seconds ${range}`,
  });
}

function oneOf<const T extends string>(...values: readonly T[]): z.ZodType<T, T> {
  return like<T>((value) => values.some((allowed) => allowed === value), {
    must: `be ${values.map((value) => `"${value}"`).join(' or ')}`,
  });
}

function isConflictRule(value: unknown): value is ConflictRuleOption {
  if (typeof value !== 'object' || value === null || !('pattern' in value) || !('strategy' in value)) return false;
  const { pattern, strategy } = value;
  const merge: unknown = 'merge' in value ? value.merge : undefined;
  return (
    typeof pattern === 'string' &&
    segmentsFault(pattern) === undefined &&
    conflictStrategies.some((known) => known === strategy) &&
    (merge === undefined || typeof merge === 'function')
  );
}

function conflictRule({ pattern, strategy, merge }: ConflictRuleOption): ConflictRule {
  return { pattern: parsePattern(pattern), strategy, merge };
}

function isHistoryRule(value: unknown): value is HistoryRuleOption {
  if (typeof value !== 'object' || value === null || !('pattern' in value) || !('depth' in value)) return false;
  const { pattern, depth } = value;
  const isDepth = Number.isInteger(depth) && Number(depth) >= 1 && Number(depth) <= 10_000;
  return isDepth && typeof pattern === 'string' && segmentsFault(pattern) === undefined;
}

function historyRule({ pattern, depth }: HistoryRuleOption): HistoryRule {
  return { pattern: parsePattern(pattern), depth };
}

function restoredState(state: unknown): RestoredState {
  try {
    return readState(state);
  } catch (error) {
    if (error instanceof RouterStateError) throw new RouterOptionsError(error.message);
    throw error;
  }
}

function areDefinitions(value: unknown): boolean {
  return Array.isArray(value) && value.every((definition) => definitionFault(definition) === undefined);
}

function isSignalType(value: unknown): boolean {
  return signalTypes.some((type) => type === value);
}

function isClock(value: unknown): boolean {
  if (!hasMethods(value, ['now', 'setTimeout', 'clearTimeout'])) return false;
  return Reflect.get(Object(value) as object, 'wallNow') === undefined || hasMethods(value, ['wallNow']);
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return unknownOption(issue.keys[0]!); // there is at least one
  return issue.path.length === 0 ? 'the options must be an object' : `${issue.path.join('.')} ${issue.message}`;
}

function unknownOption(name: string): string {
  const meant = didYouMean(name, routerOptionNames);
  return `unknown option "${name}"` + (meant === undefined ? '' : `; did you mean "${meant}"?`);
}
