import type { InspectionEvent } from 'xstate';
import type { Logger } from '../core/ports.js';
import type { RouterOptions } from './options.js';

type Inspect = NonNullable<RouterOptions['inspect']>;

/**
 * An observer of XState's inspection that cannot harm what it observes. XState calls it from inside every transition, and what it
 * throws would end the actor that made the transition. The first time it throws, or rejects, it is logged and called no more.
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
