import type { ActorOptions, AnyActorLogic } from 'xstate';
import { readState, type RestoredState } from '../core/params/param-state.js';
import { type Authenticator, type Logger, silentLogger } from '../core/ports.js';
import { isTransport, type Transport } from '../transports/transport.js';
import { hasMethods } from '../util/arguments.js';
import { type Clock, systemClock } from '../util/clock.js';
import { option } from '../util/option.js';
import { isService, type Service } from './service.js';
import { defaultMemoryBytes } from './machine-memory.js';

/** Observes all events of the actors, as XState's `inspect`. */
export type Inspect = NonNullable<ActorOptions<AnyActorLogic>['inspect']>;

/**
 * Default of `maxMessagesPerSecond` in authenticated mode. One DMX universe as 512 SETs per bundle at 40 Hz is 20,480
 * messages per second.
 */
const AUTHENTICATED_MESSAGES_PER_SECOND = 100_000;

/** Options of the inbound pipeline. */
export const inboundOptions = {
  maxMessagesPerSecond: option.count({
    derived: {
      text: '0 on an open router, 100_000 in authenticated mode: four DMX universes at 44 Hz',
      of: ({ isAuthenticated }) => (isAuthenticated ? AUTHENTICATED_MESSAGES_PER_SECOND : 0),
    },
    doc:
      'Maximum messages per second of one session; 0 = unlimited. A bundle counts the messages in it. The router drops ' +
      'the excess and answers ERROR 429, at most once per second.',
  }),
};

/** Options of tokens. */
export const accessOptions = {
  authenticator: option.optional<Authenticator>({
    type: 'Authenticator',
    accepts: (value) => hasMethods(value, ['authenticate', 'onRevoked']),
    must: 'have the methods authenticate and onRevoked',
    defaultText: 'none',
    doc: 'Validates tokens. Without one, a router in authenticated mode refuses every HELLO.',
  }),
  allowInsecureUdp: option.flag({
    default: false,
    doc: 'Permits UDP on a router with tokens, although every host on the path can read them.',
  }),
};

/** Options of the process and of the program around the router. */
export const programOptions = {
  maxMemoryBytes: option.bytes({
    least: 16_777_216,
    derived: {
      text: 'a quarter of the memory of the machine or container, at most half of the JavaScript heap',
      of: () => defaultMemoryBytes(),
    },
    doc:
      'Approximate maximum bytes of all data of the router. The limits of single kinds default to ' + 'shares of it.',
  }),
  transports: option.object<readonly Transport[]>({
    type: 'readonly Transport[]',
    accepts: (value) => Array.isArray(value) && value.every(isTransport),
    must: 'be a list of transports, such as webSocket()',
    default: [],
    defaultText: 'none',
    doc: 'Transports that `start()` opens. `listen` opens further ones.',
  }),
  services: option.object<readonly Service[]>({
    type: 'readonly Service[]',
    accepts: (value) => Array.isArray(value) && value.every(isService),
    must: 'be a list of services, such as health()',
    default: [],
    defaultText: 'none',
    doc: 'Services that `start()` starts before it opens the transports, with different names.',
  }),
  state: option.converted<unknown, RestoredState | undefined>({
    type: 'unknown',
    accepts: () => true,
    must: 'be a state',
    read: readState,
    default: undefined,
    defaultText: 'no state',
    doc:
      'The initial state: the result of `state()` of an earlier router, directly or through JSON. Params keep their ' +
      'values, revisions and times; no lock is restored.',
  }),
  clock: option.object<Clock>({
    type: 'Clock',
    accepts: isClock,
    must: 'have the methods now, setTimeout and clearTimeout, and may have wallNow',
    default: systemClock,
    defaultText: 'the system clock',
    doc: "The source of time, see docs/explanation/clocks.md; xstate's SimulatedClock in tests.",
  }),
  logger: option.object<Logger>({
    type: 'Logger',
    accepts: (value) => hasMethods(value, ['debug', 'info', 'warn', 'error']),
    must: 'have the methods debug, info, warn and error',
    default: silentLogger,
    defaultText: 'no log',
    doc: 'The logger, such as a pino logger.',
  }),
  inspect: option.optional<Inspect>({
    type: 'Inspect',
    accepts: (value) => typeof value === 'function' || hasMethods(value, []),
    must: 'be a function or an observer',
    defaultText: 'none',
    doc: "Observes all events of the actors, as XState's `inspect`. It reduces throughput: use it only for inspection.",
  }),
};

function isClock(value: unknown): boolean {
  if (!hasMethods(value, ['now', 'setTimeout', 'clearTimeout'])) return false;
  return Reflect.get(Object(value) as object, 'wallNow') === undefined || hasMethods(value, ['wallNow']);
}
