import { createActor } from 'xstate';
import { unfailing } from '../core/ports.js';
import { rootMachine } from '../actors/root/root-machine.js';
import { guardedInspect } from './guarded-inspect.js';
import { parseRouterOptions } from './options.js';
import type { RouterOptions } from './router-options.js';
import { rootInput } from './composition.js';
import { Router } from './router.js';

/**
 * Creates a router. It has no open listener, and does not keep the process alive until it has one.
 *
 * @throws RouterOptionsError if an option is unknown, out of range, or contradicts another
 */
export function createRouter(options: RouterOptions = {}): Router {
  const resolved = parseRouterOptions(options);
  const { clock, inspect } = resolved;
  const logger = unfailing(resolved.logger);
  const actor = createActor(rootMachine, {
    input: rootInput(resolved),
    clock,
    ...(inspect && { inspect: guardedInspect(inspect, logger) }),
  });
  const router = new Router(actor, resolved);
  // Without an observer, an actor that fails ends the process.
  actor.subscribe({
    error: (error) => {
      logger.error({ err: error }, 'internal error: the router has stopped');
    },
  });
  actor.start();
  return router;
}
