import { sessionOptions } from '../actors/session/session-options.js';
import { queryOptions, signalOptions, willOptions } from '../core/announce/announce-options.js';
import { sendBufferOptions, sendQueueBudgetOptions, sendQueueOptions } from '../core/congestion/congestion-options.js';
import { paramOptions } from '../core/params/param-options.js';
import { RouterStateError } from '../core/params/param-state.js';
import { publishOptions } from '../core/publish/publish-options.js';
import { helloOptions, malformedOptions } from '../core/sessions/hello-options.js';
import { subscriptionOptions } from '../core/subscriptions/subscription-options.js';
import { systemOptions } from '../core/system/system-options.js';
import { hookOptions, writeOptions } from '../core/writes/write-options.js';
import type { LibraryErrorCode } from '../util/library-errors.js';
import { type OptionInputs, optionFault, type OptionSlice, type OptionValues, resolveOptions } from '../util/option.js';
import { defaultMemoryBytes } from './machine-memory.js';
import { accessOptions, inboundOptions, programOptions } from './program-options.js';
import type { RouterOptions } from './router-options.js';
import type { Service } from './service.js';
import { observersFault } from './service-observers.js';

const router = { ...helloOptions, ...systemOptions, ...programOptions };
const access = { ...accessOptions, ...hookOptions };
const messages = { ...inboundOptions, ...malformedOptions, ...writeOptions };
const announced = { ...signalOptions, ...willOptions, ...queryOptions };
const output = { ...sendBufferOptions, ...sendQueueOptions, ...sendQueueBudgetOptions };

/** The options of a router by topic, in the order of the reference page and of `--help`. */
export const optionTopics: readonly { readonly title: string; readonly options: OptionSlice }[] = [
  { title: 'Router', options: router },
  { title: 'Access', options: access },
  { title: 'Sessions', options: sessionOptions },
  { title: 'Messages', options: messages },
  { title: 'Params', options: paramOptions },
  { title: 'Subscriptions', options: subscriptionOptions },
  { title: 'Gestures and timelines', options: publishOptions },
  { title: 'Announced signals', options: announced },
  { title: 'Output', options: output },
];

/** The declarations of all options of a router. Each component declares its own. */
export const routerOptions = {
  ...router,
  ...access,
  ...sessionOptions,
  ...messages,
  ...paramOptions,
  ...subscriptionOptions,
  ...publishOptions,
  ...announced,
  ...output,
};

/** Options with all defaults. */
export type ResolvedRouterOptions = OptionValues<typeof routerOptions>;

export const routerOptionNames: readonly string[] = Object.keys(routerOptions);

/** An unknown option or an invalid value. The message is one sentence that names the option. */
export class RouterOptionsError extends Error {
  override readonly name = 'RouterOptionsError';
  readonly code = 'CLASP_ERR_OPTIONS' satisfies LibraryErrorCode;
}

/**
 * Validates options and adds the defaults.
 *
 * @throws RouterOptionsError for the first invalid one
 */
export function parseRouterOptions(options: RouterOptions = {}): ResolvedRouterOptions {
  const fault = optionFault(routerOptions, options);
  if (fault !== undefined) throw new RouterOptionsError(fault);
  checkServices(options.services ?? []);
  const given: OptionInputs<typeof routerOptions> = options;
  const { maxMemoryBytes = defaultMemoryBytes(), authenticator } = given;
  const { securityMode = authenticator === undefined ? 'open' : 'authenticated' } = given;
  const facts = { maxMemoryBytes, isAuthenticated: securityMode === 'authenticated' };
  try {
    return resolveOptions(routerOptions, given, facts);
  } catch (error) {
    if (error instanceof RouterStateError) throw new RouterOptionsError(error.message);
    throw error;
  }
}

function checkServices(services: readonly Service[]): void {
  const names = new Set<string>();
  for (const { name } of services) {
    if (names.has(name)) throw new RouterOptionsError(`services contains two services with the name "${name}"`);
    names.add(name);
  }
  const fault = observersFault(services);
  if (fault !== undefined) throw new RouterOptionsError(fault);
}
