import { definitionFault } from '../../protocol/messages/definition-fault.js';
import { hasMethods, isObject } from '../../util/arguments.js';
import { option } from '../../util/option.js';
import type { SignalRules, VisibilityFilter, WriteValidator } from '../ports.js';

/** Options of scheduled bundles. */
export const scheduleOptions = {
  maxScheduleSeconds: option.seconds({
    default: 86_400,
    most: 604_800,
    doc: 'Maximum seconds between now and the time of a bundle.',
  }),
  maxPendingBundlesPerSession: option.count({
    default: 1_000,
    doc: 'Maximum scheduled bundles of one session; 0 = unlimited.',
  }),
  maxPendingBundleBytes: option.bytes({
    least: 65_536,
    share: 32,
    shareAtMost: 268_435_456,
    doc: 'Maximum bytes of all scheduled bundles.',
  }),
};

/** Rules of the program for writes and for what a session can see. */
export const hookOptions = {
  signals: option.optional<SignalRules>({
    type: 'SignalRules',
    accepts: (value) => hasMethods(value, ['check']) && isObject(value) && areDefinitions(value.definitions),
    must: 'be what defineSignals() gives',
    defaultText: 'none: any value is permitted',
    doc: 'Definitions of signals and their values (402), from `defineSignals()`. The router announces them.',
  }),
  validateWrite: option.optional<WriteValidator>({
    type: 'WriteValidator',
    accepts: isFunction,
    must: 'be a function',
    defaultText: 'every write passes',
    doc: 'Accepts or refuses every write, after the scopes.',
  }),
  isVisible: option.optional<VisibilityFilter>({
    type: 'VisibilityFilter',
    accepts: isFunction,
    must: 'be a function',
    defaultText: 'all sessions see all addresses',
    doc: 'Whether a session can see an address. Notify the router if the results change.',
  }),
};

/** Options of SET, GET and BUNDLE. */
export const writeOptions = {
  maxValueBytes: option.bytes({
    least: 1,
    most: 65_535,
    default: 65_535,
    doc: 'Maximum bytes of one value.',
  }),
  acks: option.choice({
    values: ['requested', 'always'],
    default: 'requested',
    doc: 'Whether SET and BUNDLE are acknowledged only if their frame requests it (QoS 1 or 2).',
  }),
  unknownAddress: option.choice({
    values: ['error', 'silent'],
    default: 'error',
    doc: 'Whether GET of an address without a param gets ERROR 201 or no answer.',
  }),
  ...scheduleOptions,
};

function areDefinitions(value: unknown): boolean {
  return Array.isArray(value) && value.every((definition) => definitionFault(definition) === undefined);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
