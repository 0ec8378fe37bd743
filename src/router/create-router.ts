import { createActor } from 'xstate';
import { unfailing } from '../core/ports.js';
import { rootMachine } from '../actors/root/root-machine.js';
import { guardedInspect } from './guarded-inspect.js';
import { parseRouterOptions, type ResolvedRouterOptions } from './options.js';
import type { RouterOptions } from './router-options.js';
import { rootInput } from './composition.js';
import { RouterStoppedError, unlessStopped } from './router-stopped-error.js';
import { RunningRouter } from './running-router.js';
import type { ListenAddress } from '../net/listen-address.js';

/**
 * The lifecycle state of a router:
 *
 * - `idle`: no transport of the options is open, or a {@link Router.start} has failed
 * - `starting`: `start()` opens them
 * - `started`: all of them are open
 * - `stopping`: {@link Router.stop} was called; sessions get their queued data and are closed
 * - `stopped`: all ports are free. Also after an internal error that ends the router
 */
export type RouterPhase = 'idle' | 'starting' | 'started' | 'stopping' | 'stopped';

/** A standalone router, as returned by {@link createRouter}. */
export class Router extends RunningRouter {
  readonly #transports: ResolvedRouterOptions['transports'];
  readonly #ended: Promise<void>;
  #hasEnded = false;
  #startPhase: 'idle' | 'starting' | 'started' = 'idle';
  #starting: Promise<readonly ListenAddress[]> | undefined;
  /** Number of open transports of the options, from the first. */
  #opened = 0;

  /** @internal */
  constructor(actor: RunningRouter['actor'], options: ResolvedRouterOptions) {
    super(actor, options);
    this.#transports = options.transports;
    this.#ended = new Promise((resolve) => {
      const finish = (): void => {
        this.#hasEnded = true;
        resolve();
      };
      const end = (): void => {
        if (this.hasServices) void this.stopServices().then(finish);
        else finish();
      };
      actor.subscribe({ complete: end, error: end });
    });
  }

  get phase(): RouterPhase {
    if (!this.isStopping) return this.#startPhase;
    return this.#hasEnded ? 'stopped' : 'stopping';
  }

  /**
   * Starts the services of the option `services`, then opens the transports of the option `transports`, each one after
   * the other. While it is in progress, it returns the same
   * promise; afterwards it resolves with the current addresses. After a failure it can be repeated: it continues with
   * the transport that did not open, or starts all services again.
   *
   * @returns the addresses for clients
   * @throws ServiceError for the first service that does not start; those before it are stopped. TransportError for the
   * first transport that does not open; those before it stay open, and the services run. RouterStoppedError after {@link
   * stop}, or if `stop` is called meanwhile
   */
  start(): Promise<readonly ListenAddress[]> {
    switch (this.phase) {
      case 'idle':
        return (this.#starting = unlessStopped(this.#openAll()));
      case 'starting':
        return this.#starting!; // set with the phase
      case 'started':
        return Promise.resolve(this.addresses);
      case 'stopping':
      case 'stopped':
        return Promise.reject(new RouterStoppedError('the router was stopped; create another one to start again'));
    }
  }

  /**
   * Closes all listeners and closes all sessions gracefully, after their queued data. Then stops the services, in reverse
   * order. Resolves when every port is free. After `drainTimeoutSeconds` the remaining sessions are disconnected; the
   * services together have as long. Can be repeated, in every phase.
   */
  stop(): Promise<void> {
    this.actor.send({ type: 'router.stopping' });
    return this.#ended;
  }

  async #openAll(): Promise<readonly ListenAddress[]> {
    this.#startPhase = 'starting';
    try {
      await this.startServices();
      while (this.#opened < this.#transports.length) {
        await this.listen(this.#transports[this.#opened]!); // the loop condition bounds the index
        this.#opened++;
      }
      this.#startPhase = 'started';
      return this.addresses;
    } catch (error) {
      this.#startPhase = 'idle';
      throw error;
    }
  }
}

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
