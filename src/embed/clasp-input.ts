import { ArgumentError, check, checkNames, checkText, hasMethods, isObject } from '../util/arguments.js';
import { onOptions, type OnOptions } from '../client/subscription.js';
import { routerOptionNames, RouterOptionsError } from '../router/options.js';
import type { RouterOptions } from '../router/router-options.js';
import type { ClaspEvent, ClaspRequest } from './events.js';

/** A subscription of the actor, made before it opens a listener. */
export interface ClaspSubscription extends OnOptions {
  readonly pattern: string;
  /** The id for `clasp.unsubscribe`. @default the pattern */
  readonly id?: string | undefined;
}

/**
 * The options of a router, and options for the surrounding actor system. `inspect` belongs to that system. The default
 * clock is that of the system, if it has the time as SimulatedClock does.
 */
export interface ClaspInput extends Omit<RouterOptions, 'inspect'> {
  /**
   * Patterns whose signals are sent to the parent. Each signal is an event, and so a transition, of the parent.
   * @default []
   */
  readonly subscribe?: readonly (string | ClaspSubscription)[] | undefined;
  /** The receiver of the events. @default the actor that invoked or spawned it */
  readonly parent?: { send(event: ClaspEvent): void } | undefined;
  /**
   * Prefix of the system ids `router`, `sessions`, `listener:1` and `session:<id>`. A system with two routers needs it.
   * @default ''
   */
  readonly systemIdPrefix?: string | undefined;
}

export type SubscribeRequest = Extract<ClaspRequest, { readonly type: 'clasp.subscribe' }>;

const inputNames = ['subscribe', 'parent', 'systemIdPrefix', ...routerOptionNames];
const subscriptionNames = ['pattern', 'id', ...onOptions];

/**
 * Validates the names of all fields, and the values of those that are not router options.
 *
 * @throws RouterOptionsError for the first invalid one
 */
export function checkClaspInput(input: ClaspInput): void {
  try {
    if (isObject(input) && input.inspect !== undefined) {
      throw new ArgumentError('claspMachine has no option "inspect"; give it to createActor, with the actor system');
    }
    checkNames('claspMachine', input, inputNames);
    const { subscribe = [], parent, systemIdPrefix = '' } = input;
    check(Array.isArray(subscribe), 'subscribe', 'be a list of patterns', subscribe);
    subscribe.forEach(checkSubscription);
    check(parent === undefined || hasMethods(parent, ['send']), 'parent', 'have the method send', parent);
    checkText('systemIdPrefix', systemIdPrefix);
  } catch (error) {
    throw error instanceof ArgumentError ? new RouterOptionsError(error.message, { cause: error }) : error;
  }
}

/** Returns the request for a subscription of the input. */
export function subscribeRequest(wanted: string | ClaspSubscription): SubscribeRequest {
  if (typeof wanted === 'string') return { type: 'clasp.subscribe', pattern: wanted };
  const { pattern, id, ...options } = wanted;
  return { type: 'clasp.subscribe', pattern, id, options };
}

function checkSubscription(wanted: unknown): void {
  if (typeof wanted === 'string') return;
  check(isObject(wanted), 'each item of subscribe', 'be a pattern or an object with a pattern', wanted);
  checkNames('subscribe', wanted, subscriptionNames);
  // An object: absent fields are undefined.
  const { pattern, id } = wanted as Readonly<Record<keyof ClaspSubscription, unknown>>;
  checkText('the pattern of subscribe', pattern);
  if (id !== undefined) checkText('the id of subscribe', id);
}
