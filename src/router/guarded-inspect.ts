import type { InspectionEvent } from 'xstate';
import type { Logger } from '../core/ports.js';
import type { Inspect } from './program-options.js';

/**
 * Wraps an observer of XState's inspection, so that it cannot affect the router. XState calls it inside every
 * transition, and an exception would end the actor. The first time it throws, or rejects, it is logged and detached.
 */
export function guardedInspect(inspect: Inspect, logger: Logger): (event: InspectionEvent) => void {
  const observe = typeof inspect === 'function' ? inspect : inspect.next?.bind(inspect);
  let isDetached = observe === undefined;
  const detach = (error: unknown): void => {
    if (isDetached) return;
    isDetached = true;
    logger.error({ err: error }, 'the observer given as inspect threw; it is detached');
  };
  return (event) => {
    if (isDetached) return;
    try {
      const result: unknown = observe?.(event);
      if (result instanceof Promise) result.catch(detach);
    } catch (error) {
      detach(error);
    }
  };
}
