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

/** Everything about a router that can be chosen. All of it is optional; a router without options is ready for a show. */
export interface RouterOptions {
  /** What the router calls itself in WELCOME; 1 to 255 characters. @default 'CLASP Router' */
  readonly name?: string | undefined;
  /** What it offers in WELCOME: any of the five signal types. @default all five */
  readonly features?: readonly Exclude<Feature, 'federation'>[] | undefined;
  /** Sessions at once, those that have not said HELLO yet included; 0 = unlimited. @default 100 */
  readonly maxSessions?: number | undefined;
  /** Sessions at once from one address, this computer's own excepted; 0 = unlimited. @default 0 */
  readonly maxSessionsPerAddress?: number | undefined;
  /** Sessions at once with one token; one more is ERROR 503. 0 = unlimited. @default 0 */
  readonly maxSessionsPerToken?: number | undefined;
  /** Of all sessions, those that have not said HELLO yet, this computer's own not counted; 0 = unlimited. @default 512 */
  readonly maxHalfOpen?: number | undefined;
  /** The same from one address; 0 = unlimited. @default 64 */
  readonly maxHalfOpenPerAddress?: number | undefined;
  /** Seconds without anything received or sent after which a session is closed, to 604_800; 0 = never. @default 300 */
  readonly sessionTimeoutSeconds?: number | undefined;
  /** Whether a HELLO needs a token. @default 'authenticated' where there is an authenticator, otherwise 'open' */
  readonly securityMode?: 'open' | 'authenticated' | undefined;
  /** Looks at the tokens; without one, a router that asks for them lets nobody in. @default none */
  readonly authenticator?: Authenticator | undefined;
  /**
   * What there is at some addresses and what may be written there (402): `defineSignals()`. Announced by the router itself.
   * @default anything may be anywhere
   */
  readonly signals?: SignalRules | undefined;
  /** Has the last word on every write, after scopes. @default every write passes */
  readonly validateWrite?: WriteValidator | undefined;
  /** Whether a session may know of an address; tell the router when its answers change. @default everybody sees everything */
  readonly isVisible?: VisibilityFilter | undefined;
  /** Whether a router that asks for tokens may take them by UDP, where anybody on the way can read them. @default false */
  readonly allowInsecureUdp?: boolean | undefined;
  /** Subscriptions of one session; 0 = unlimited. @default 1_000 */
  readonly maxSubscriptionsPerSession?: number | undefined;
  /**
   * Segments in all patterns of a session together, some 100 bytes each, 200 at the most; 0 = unlimited. What is usual has five a
   * pattern. @default 16_384
   */
  readonly maxPatternSegmentsPerSession?: number | undefined;
  /**
   * Bytes that the subscriptions of all sessions may take together, roughly; 0 = unlimited. If a subscription would pass the limit, the
   * owner with most gives capacity: its session with most is closed. @default a sixteenth of `maxMemoryBytes`
   */
  readonly maxSubscriptionBytes?: number | undefined;
  /**
   * Bytes that the answers to QUERYs of all sessions may take together while they are made; 0 = unlimited. Above it, a session that does
   * not read is closed, and other answers wait. @default a 64th of `maxMemoryBytes`
   */
  readonly maxQueryBytes?: number | undefined;
  /**
   * `**` in one pattern of a SUBSCRIBE or QUERY, at most; 0 = unlimited. Each multiplies what it costs to find out who hears of a new
   * address. @default 4
   */
  readonly maxGlobstars?: number | undefined;
  /**
   * Steps, of some 20 ns, that the patterns which one address can meet may take to match, those of all sessions together; one owner may
   * use a quarter. Only wildcards in the middle of a pattern count, and those behind a `**` for each segment an address can have. 0 =
   * unlimited. @default 65_536
   */
  readonly maxMatchSteps?: number | undefined;
  /** Bytes of one value, to 65_535, which is what a frame can carry. @default 65_535 */
  readonly maxValueBytes?: number | undefined;
  /** Frames a minute that could not be read, beyond which a session is closed. At least 1. @default 100 */
  readonly maxMalformedPerMinute?: number | undefined;
  /**
   * Messages per second that one session may send. A bundle counts the messages in it. The router drops what exceeds the limit and
   * answers ERROR 429, at most once per second. 0 = unlimited.
   * @default 0 on an open router, 100_000 in authenticated mode: four DMX universes at 44 Hz
   */
  readonly maxMessagesPerSecond?: number | undefined;
  /** Whether SET and BUNDLE are acknowledged only if their frame asks for it (QoS 1 or 2). @default 'requested' */
  readonly acks?: 'requested' | 'always' | undefined;
  /** Whether GET of an address without a param is answered by ERROR 201 or by nothing. @default 'error' */
  readonly unknownAddress?: 'error' | 'silent' | undefined;
  /** Params kept, at most; 0 = unlimited. @default 1_000_000 */
  readonly maxParams?: number | undefined;
  /**
   * Bytes that all the router keeps may take, roughly; at least 16 MiB. The limits of single kinds are shares of it unless they are
   * given. @default a quarter of the memory of the machine or container, at most half of the JavaScript heap
   */
  readonly maxMemoryBytes?: number | undefined;
  /** Bytes that all params may take, their indexes and history included, roughly; 0 = unlimited. @default half of `maxMemoryBytes` */
  readonly maxParamBytes?: number | undefined;
  /**
   * Who makes room when there are that many: `lru`, the param not written or read for the longest time; `oldest`, the one not
   * written for the longest; `reject`, nobody: the write is refused (503). A locked param goes last. @default 'lru'
   */
  readonly eviction?: 'lru' | 'oldest' | 'reject' | undefined;
  /** Seconds of disuse after which a param goes that was set without a TTL of its own, to 31_536_000; 0 = never. @default 0 */
  readonly paramTtlSeconds?: number | undefined;
  /** Seconds after which a lock ends by itself, to 604_800; 0 = never. @default 0 */
  readonly maxLockSeconds?: number | undefined;
  /** How writes to one param are reconciled; the first rule that matches its address decides. @default the last write wins */
  readonly conflictRules?: readonly ConflictRuleOption[] | undefined;
  /**
   * Pairs of a session and an address that a SUBSCRIBE with `maxRate`, `epsilon` or `window` can make the router remember, some 550
   * bytes each; beyond it the address remembered for longest starts anew. At least 1. @default 1_000_000
   */
  readonly maxPaced?: number | undefined;
  /**
   * Bytes that they, and the messages and samples that wait for them, may take, roughly: the same; 0 = unlimited. @default a sixteenth of
   * `maxMemoryBytes`
   */
  readonly maxPacedBytes?: number | undefined;
  /** Which params keep values that were replaced, for SUBSCRIBE with `history`; the first rule that matches decides. @default none */
  readonly historyRules?: readonly HistoryRuleOption[] | undefined;
  /** Announced signals kept; 0 = unlimited. @default 10_000 */
  readonly maxSignals?: number | undefined;
  /**
   * Bytes that all announced signals together may take, indexes included, roughly; 0 = unlimited. @default a 64th of `maxMemoryBytes`, at
   * most 16_777_216
   */
  readonly maxSignalBytes?: number | undefined;
  /** Seconds after its last ANNOUNCE that a signal is forgotten, to 31_536_000; 0 = never. @default 0 */
  readonly signalTtlSeconds?: number | undefined;
  /** Whether a SET outside the range, or of another type, than was announced for its address is refused (402). @default false */
  readonly checkAnnounced?: boolean | undefined;
  /** Addresses whose last timeline is kept for those who subscribe later, at most 65_536; 0 = none. @default 0 */
  readonly maxTimelines?: number | undefined;
  /** Bytes that they may take, roughly; the oldest is forgotten; 0 = unlimited. @default a 64th of `maxMemoryBytes` */
  readonly maxTimelineBytes?: number | undefined;
  /** Whether those who subscribe below `/$clasp/sessions` learn who is connected. @default true */
  readonly presence?: boolean | undefined;
  /** Milliseconds between two moves of one gesture, at least, to 10_000; 0 = every move passes. @default 16 */
  readonly gestureIntervalMs?: number | undefined;
  /** How far ahead the time of a bundle may be, in seconds, to 604_800. @default 86_400 */
  readonly maxScheduleSeconds?: number | undefined;
  /** Bundles of one session that may wait for their time; 0 = unlimited. @default 1_000 */
  readonly maxPendingBundlesPerSession?: number | undefined;
  /**
   * Bytes that bundles which wait for their time may take together. At least 65_536. @default a 32nd of `maxMemoryBytes`, at most
   * 268_435_456
   */
  readonly maxPendingBundleBytes?: number | undefined;
  /** Bytes that the last wills of all sessions may take together; 0 = unlimited. @default a 64th of `maxMemoryBytes`, at most 16_777_216 */
  readonly maxWillBytes?: number | undefined;
  /** Seconds a peer may take to say HELLO, above 0 to 3_600. @default 10 */
  readonly helloTimeoutSeconds?: number | undefined;
  /** Seconds a peer may take to read its goodbye, and `stop()` takes at most; 0 to 3_600. @default 5 */
  readonly drainTimeoutSeconds?: number | undefined;
  /** Bytes a socket may hold unsent before its session counts as congested; at least 1. @default 1_048_576 */
  readonly highWaterBytes?: number | undefined;
  /**
   * Bytes that the sockets of all sessions may hold unsent together; 0 = unlimited. Above half of it, `highWaterBytes` is 65_536 at most;
   * above it, the session whose socket holds most is closed. @default a sixteenth of `maxMemoryBytes`
   */
  readonly maxSendBufferBytes?: number | undefined;
  /** Bytes that may wait for one congested session; it is closed when there are more. At least 65_536. @default 4_194_304 */
  readonly maxQueueBytes?: number | undefined;
  /** Messages that may wait for one congested session; it is closed when there are more. At least 1. @default 65_536 */
  readonly maxQueueMessages?: number | undefined;
  /**
   * Memory of what waits for all congested sessions together, in bytes, 250 of them for each message; if there is more, the session for
   * which most waits loses messages or is closed. At least 65_536. @default a sixteenth of `maxMemoryBytes`, at most 268_435_456
   */
  readonly maxQueueBytesTotal?: number | undefined;
  /** Doors that `start()` opens; none is open before, and none but these unless asked for by `listen`. @default none */
  readonly transports?: readonly Transport[] | undefined;
  /**
   * What it begins with: what `state()` of an earlier router has given, straight or by way of JSON. Params come with their values,
   * revisions and times; nobody holds a lock. @default nothing
   */
  readonly state?: unknown;
  /** Where the time comes from, see docs/clocks.md; xstate's SimulatedClock in tests. @default the system's */
  readonly clock?: Clock | undefined;
  /** Where log lines go; a pino logger is one. @default nowhere */
  readonly logger?: Logger | undefined;
  /** Makes session ids, each of them once. @default crypto.randomUUID */
  readonly newId?: (() => string) | undefined;
  /** Sees everything that happens in the actors, as XState's `inspect`. Costs speed: use it while somebody looks. */
  readonly inspect?: ActorOptions<AnyActorLogic>['inspect'];
}

export interface ConflictRuleOption {
  /** Addresses it is for: `/levels/**`. */
  readonly pattern: string;
  /**
   * `lww`, the last write wins; `max` and `min`, only a greater or smaller number is taken, Int and Float alike; `merge`, the
   * incoming value goes into the stored one; `lock` is `lww` by another name, since a lock always excludes.
   */
  readonly strategy: ConflictStrategy;
  /** For `merge`: makes one value of the stored and the incoming one. @default maps entry by entry, at every level */
  readonly merge?: Merge | undefined;
}

export interface HistoryRuleOption {
  /** Addresses it is for: `/sensors/**`. */
  readonly pattern: string;
  /** Values kept of each, the current one included; 1 to 10_000. */
  readonly depth: number;
}

/** What has no default. */
type LeftOpen = 'signals' | 'newId' | 'inspect' | 'authenticator' | 'validateWrite' | 'isVisible';

/** What is given in one form and used in another. */
type Read = 'conflictRules' | 'historyRules' | 'state';

/** Options with nothing else left open. */
export type ResolvedRouterOptions = {
  readonly [K in Exclude<keyof RouterOptions, LeftOpen | Read>]-?: Exclude<RouterOptions[K], undefined>;
} & Pick<RouterOptions, LeftOpen> & {
    readonly conflictRules: readonly ConflictRule[];
    readonly historyRules: readonly HistoryRule[];
    readonly state: RestoredState | undefined;
  };

/** An option that does not exist or cannot have that value. The message is one plain sentence that names it. */
export class RouterOptionsError extends Error {
  override readonly name = 'RouterOptionsError';
  readonly code = 'CLASP_ERR_OPTIONS' satisfies LibraryErrorCode;
}

/**
 * Default of `maxMessagesPerSecond` in authenticated mode. One DMX universe as 512 SETs per bundle at 40 Hz is 20,480 messages per
 * second.
 */
const AUTHENTICATED_MESSAGES_PER_SECOND = 100_000;

/**
 * Checks options and fills in the defaults.
 *
 * @throws RouterOptionsError about the first one that is wrong
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

/** The limits in bytes, those of the budget where an option does not say otherwise. */
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

/** A value that passes a check; zod's own texts do not say what a value is, only what it is not. */
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
