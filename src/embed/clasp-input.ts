import { ArgumentError, check, checkNames, checkText, hasMethods, isObject } from '../util/arguments.js';
import { onOptions, type OnOptions } from '../client/subscription.js';
import { routerOptionNames, type RouterOptions, RouterOptionsError } from '../router/options.js';
import type { ClaspEvent, ClaspRequest } from './events.js';

/** What the actor subscribes to before it opens a door. */
export interface ClaspSubscription extends OnOptions {
  readonly pattern: string;
  /** What `clasp.unsubscribe` names. @default the pattern */
  readonly id?: string | undefined;
}

/**
 * Options of a router, and what concerns the actor system around it. `inspect` is that system's; the clock is that system's
 * too, unless another one is given: one that tells the time, as SimulatedClock does.
 */
export interface ClaspInput extends Omit<RouterOptions, 'inspect'> {
  /** Whose signals go into the parent's mailbox. Each is an event, and so a transition, of the parent. @default none */
  readonly subscribe?: readonly (string | ClaspSubscription)[] | undefined;
  /** Who is told what happens. @default the actor that has invoked or spawned it */
  readonly parent?: { send(event: ClaspEvent): void } | undefined;
  /**
   * Stands before the system ids `router`, `sessions`, `listener:1` and `session:<id>`: needed where a system has two routers.
   * @default ''
   */
  readonly systemIdPrefix?: string | undefined;
}

export type SubscribeRequest = Extract<ClaspRequest, { readonly type: 'clasp.subscribe' }>;

const inputNames = ['subscribe', 'parent', 'systemIdPrefix', ...routerOptionNames];
const subscriptionNames = ['pattern', 'id', ...onOptions];

/**
 * Checks the fields of an input that no router option has, and the names of all.
 *
 * @throws RouterOptionsError about the first one that is wrong
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

/** What is to be asked for a subscription of the input. */
export function subscribeRequest(wanted: string | ClaspSubscription): SubscribeRequest {
  if (typeof wanted === 'string') return { type: 'clasp.subscribe', pattern: wanted };
  const { pattern, id, ...options } = wanted;
  return { type: 'clasp.subscribe', pattern, id, options };
}

function checkSubscription(wanted: unknown): void {
  if (typeof wanted === 'string') return;
  check(isObject(wanted), 'each item of subscribe', 'be a pattern or an object with a pattern', wanted);
  checkNames('subscribe', wanted, subscriptionNames);
  const { pattern, id } = wanted as Readonly<Record<keyof ClaspSubscription, unknown>>; // an object: absent fields are undefined
  checkText('the pattern of subscribe', pattern);
  if (id !== undefined) checkText('the id of subscribe', id);
}
