import type { ActorOptions, AnyActorLogic } from 'xstate';
import { z } from 'zod';
import { type Logger, silentLogger } from './actors/ports.js';
import { type Clock, systemClock } from './clock.js';
import { didYouMean } from './did-you-mean.js';
import { type Feature, signalTypes } from './protocol/enumerations.js';

/** Everything about a router that can be chosen. All of it is optional; a router without options is ready for a show. */
export interface RouterOptions {
  /** What the router calls itself in WELCOME; 1 to 255 characters. @default 'CLASP Router' */
  readonly name?: string | undefined;
  /** What it offers in WELCOME: any of the five signal types. @default all five */
  readonly features?: readonly Exclude<Feature, 'federation'>[] | undefined;
  /** Sessions at once, those that have not said HELLO yet included; 0 = unlimited. @default 100 */
  readonly maxSessions?: number | undefined;
  /** Seconds without anything received or sent after which a session is closed, to 604_800; 0 = never. @default 300 */
  readonly sessionTimeoutSeconds?: number | undefined;
  /** Whether a HELLO needs a token. @default 'open' */
  readonly securityMode?: 'open' | 'authenticated' | undefined;
  /** Subscriptions of one session; 0 = unlimited. @default 1_000 */
  readonly maxSubscriptionsPerSession?: number | undefined;
  /** Frames a second that one session may send, a bundle being one; what is over that is dropped. 0 = unlimited. @default 0 */
  readonly maxMessagesPerSecond?: number | undefined;
  /** Whether SET and BUNDLE are acknowledged only if their frame asks for it (QoS 1 or 2). @default 'requested' */
  readonly acks?: 'requested' | 'always' | undefined;
  /** Whether GET of an address without a param is answered by ERROR 201 or by nothing. @default 'error' */
  readonly unknownAddress?: 'error' | 'silent' | undefined;
  /** Seconds a peer may take to say HELLO, above 0 to 3_600. @default 10 */
  readonly helloTimeoutSeconds?: number | undefined;
  /** Seconds a peer may take to read its goodbye, and `stop()` takes at most; 0 to 3_600. @default 5 */
  readonly drainTimeoutSeconds?: number | undefined;
  /** Bytes a socket may hold unsent before its session counts as congested; at least 1. @default 1_048_576 */
  readonly highWaterBytes?: number | undefined;
  /** Bytes that may wait for one congested session; it is closed when there are more. At least 65_536. @default 4_194_304 */
  readonly maxQueueBytes?: number | undefined;
  /** Messages that may wait for one congested session; it is closed when there are more. At least 1. @default 65_536 */
  readonly maxQueueMessages?: number | undefined;
  /** Where the time comes from; xstate's SimulatedClock in tests. @default the system's */
  readonly clock?: Clock | undefined;
  /** Where log lines go; a pino logger is one. @default nowhere */
  readonly logger?: Logger | undefined;
  /** Makes session ids, each of them once. @default crypto.randomUUID */
  readonly newId?: (() => string) | undefined;
  /** Sees everything that happens in the actors, as XState's `inspect`. Costs speed: use it while somebody looks. */
  readonly inspect?: ActorOptions<AnyActorLogic>['inspect'];
}

/** Options with nothing left open. */
export type ResolvedRouterOptions = {
  readonly [K in Exclude<keyof RouterOptions, 'newId' | 'inspect'>]-?: Exclude<RouterOptions[K], undefined>;
} & Pick<RouterOptions, 'newId' | 'inspect'>;

/** An option that does not exist or cannot have that value. The message is one plain sentence that names it. */
export class RouterOptionsError extends Error {
  override readonly name = 'RouterOptionsError';
}

/**
 * Checks options and fills in the defaults.
 *
 * @throws RouterOptionsError about the first one that is wrong
 */
export function parseRouterOptions(options: RouterOptions = {}): ResolvedRouterOptions {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new RouterOptionsError(sentence(parsed.error.issues[0]!)); // a failure has at least one issue
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
  sessionTimeoutSeconds: seconds(0, 604_800).default(300),
  securityMode: oneOf('open', 'authenticated').default('open'),
  maxSubscriptionsPerSession: whole(0).default(1_000),
  maxMessagesPerSecond: whole(0).default(0),
  acks: oneOf('requested', 'always').default('requested'),
  unknownAddress: oneOf('error', 'silent').default('error'),
  helloTimeoutSeconds: seconds(Number.MIN_VALUE, 3_600).default(10),
  drainTimeoutSeconds: seconds(0, 3_600).default(5),
  highWaterBytes: whole(1).default(1_048_576),
  maxQueueBytes: whole(65_536).default(4_194_304),
  maxQueueMessages: whole(1).default(65_536),
  clock: like<Clock>((value) => hasMethods(value, ['now', 'setTimeout', 'clearTimeout']), {
    must: 'have the methods now, setTimeout and clearTimeout',
  }).default(systemClock),
  logger: like<Logger>((value) => hasMethods(value, ['debug', 'info', 'warn', 'error']), {
    must: 'have the methods debug, info, warn and error',
  }).default(silentLogger),
  newId: like<() => string>((value) => typeof value === 'function', { must: 'be a function' }).optional(),
  inspect: like<NonNullable<RouterOptions['inspect']>>(
    (value) => typeof value === 'function' || hasMethods(value, []),
    {
      must: 'be a function or an observer',
    },
  ).optional(),
}) satisfies z.ZodType<ResolvedRouterOptions, RouterOptions>;

/** A value that passes a check; zod's own texts do not say what a value is, only what it is not. */
function like<T>(check: (value: unknown) => boolean, { must }: { readonly must: string }): z.ZodType<T, T> {
  return z.custom<T>(check, { error: ({ input }) => `must ${must}, not ${shown(input)}` });
}

function whole(least: number): z.ZodType<number, number> {
  return like<number>((value) => Number.isSafeInteger(value) && Number(value) >= least, {
    must: `be a whole number of at least ${least}`,
  });
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

function isSignalType(value: unknown): boolean {
  return signalTypes.some((type) => type === value);
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return unknownOption(issue.keys[0]!); // there is at least one
  return issue.path.length === 0 ? 'the options must be an object' : `${issue.path.join('.')} ${issue.message}`;
}

function unknownOption(name: string): string {
  const meant = didYouMean(name, Object.keys(schema.shape));
  return `unknown option "${name}"` + (meant === undefined ? '' : `; did you mean "${meant}"?`);
}

function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `"${value}"`;
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? `[${value.map(shown).join(', ')}]` : 'an object';
  }
}
