import type { Observers } from '../core/observers.js';
import type { RouterCoreOptions } from '../core/router-core-options.js';
import { hasMethods, isObject } from '../util/arguments.js';
import type { Service } from './service.js';

/** The methods of each observer. */
const methods = {
  changeLog: ['wants', 'append', 'onCommitted'],
  paramWatch: ['touch'],
  replyHold: ['check', 'cutFor'],
  recorder: ['record'],
} as const satisfies Record<keyof Observers, readonly string[]>;

/** The core has 31 change logs, and the option `writeHistory` is one. */
const MAX_CHANGE_LOGS = 30;

/** Returns what is wrong with the observers of services, as a sentence; undefined if they are valid. */
export function observersFault(services: readonly Service[]): string | undefined {
  const names = new Map<string, string>();
  for (const service of services) {
    const fault = shapeFault(service);
    if (fault !== undefined) return fault;
    for (const observer of ['paramWatch', 'replyHold', 'recorder'] as const) {
      if (service.observers?.[observer] === undefined) continue;
      const other = names.get(observer);
      if (other !== undefined)
        return `the services ${other} and ${service.name} both have a ${observer}; leave one out`;
      names.set(observer, service.name);
    }
  }
  const logs = services.filter(({ observers }) => observers?.changeLog !== undefined).length;
  return logs > MAX_CHANGE_LOGS
    ? `services contains ${logs} with a changeLog; the limit is ${MAX_CHANGE_LOGS}`
    : undefined;
}

function shapeFault({ name, observers }: Service): string | undefined {
  if (observers === undefined) return undefined;
  if (!isObject(observers)) return `observers of the service ${name} must be an object`;
  for (const [observer, value] of Object.entries(observers) as readonly (readonly [string, unknown])[]) {
    if (!isObserver(observer)) return `observers of the service ${name} has no field "${observer}"`;
    const required = methods[observer];
    if (value !== undefined && !hasMethods(value, required)) {
      return `${observer} of the service ${name} must have the methods ${required.join(', ')}`;
    }
    if (observer === 'paramWatch' && isObject(value) && !(Number(value.generation) >= 1)) {
      return `paramWatch of the service ${name} must have a generation, a number from 1`;
    }
  }
  return undefined;
}

function isObserver(name: string): name is keyof Observers {
  return Object.hasOwn(methods, name);
}

/** Returns the observers of all services, for the core. */
export function coreObservers(
  services: readonly Service[],
): Pick<RouterCoreOptions, 'changeLogs' | 'paramWatch' | 'replyHold' | 'recorder'> {
  const all = services.flatMap(({ observers }) => observers ?? []);
  return {
    changeLogs: all.flatMap(({ changeLog }) => changeLog ?? []),
    paramWatch: all.find(({ paramWatch }) => paramWatch !== undefined)?.paramWatch,
    replyHold: all.find(({ replyHold }) => replyHold !== undefined)?.replyHold,
    recorder: all.find(({ recorder }) => recorder !== undefined)?.recorder,
  };
}
