import { createActor } from 'xstate';
import { rootMachine } from './actors/root/root-machine.js';
import { parseRouterOptions, type ResolvedRouterOptions, type RouterOptions } from './options.js';
import { rootInput } from './root-input.js';
import { RunningRouter } from './running-router.js';
import type { ListenAddress } from './transports/transport.js';

/** A router of its own: what {@link createRouter} gives. */
export class Router extends RunningRouter {
  readonly #transports: ResolvedRouterOptions['transports'];
  readonly #ended: Promise<void>;
  #started: Promise<readonly ListenAddress[]> | undefined;

  /** @internal */
  constructor(actor: RunningRouter['actor'], options: ResolvedRouterOptions) {
    super(actor, options);
    this.#transports = options.transports;
    this.#ended = new Promise((resolve) => {
      const finish = (): void => {
        resolve();
      };
      actor.subscribe({ complete: finish, error: finish });
    });
  }

  /**
   * Opens the doors given by the option `transports`, one after the other. Called again, it gives the same answer.
   *
   * @returns where peers can come in
   * @throws TransportError about the first that does not open; those before it stay open until {@link stop}
   */
  start(): Promise<readonly ListenAddress[]> {
    return (this.#started ??= this.#openAll());
  }

  /**
   * Stops accepting, sends everybody what is queued and a goodbye, and resolves when all are gone and every port is free:
   * at the latest after `drainTimeoutSeconds`, when those who would not go are cut off. May be called again.
   */
  stop(): Promise<void> {
    this.actor.send({ type: 'router.stopping' });
    return this.#ended;
  }

  async #openAll(): Promise<readonly ListenAddress[]> {
    for (const transport of this.#transports) await this.listen(transport);
    return this.addresses;
  }
}

/**
 * Starts a router. It has no open door yet, and keeps no process alive until it has one.
 *
 * @throws RouterOptionsError when an option is unknown or out of range, or does not go with another
 */
export function createRouter(options: RouterOptions = {}): Router {
  const resolved = parseRouterOptions(options);
  const { clock, logger, inspect } = resolved;
  const actor = createActor(rootMachine, { input: rootInput(resolved), clock, ...(inspect && { inspect }) });
  const router = new Router(actor, resolved);
  // Unobserved, an actor that fails ends the process.
  actor.subscribe({
    error: (error) => {
      logger.error({ err: error }, 'internal error: the router has stopped');
    },
  });
  actor.start();
  return router;
}
