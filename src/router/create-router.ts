import { createActor } from 'xstate';
import { unfailing } from '../core/ports.js';
import { rootMachine } from '../actors/root/root-machine.js';
import { guardedInspect } from './guarded-inspect.js';
import { parseRouterOptions, type ResolvedRouterOptions, type RouterOptions } from './options.js';
import { rootInput } from './root-input.js';
import { RouterStoppedError, unlessStopped } from './router-stopped-error.js';
import { RunningRouter } from './running-router.js';
import type { ListenAddress } from '../net/listen-address.js';

/**
 * Where a router is in its life:
 *
 * - `idle`: no transport of the options is open, or a {@link Router.start} has failed
 * - `starting`: `start()` opens them
 * - `started`: all of them are open
 * - `stopping`: {@link Router.stop} was called; sessions get what is queued and are closed
 * - `stopped`: all ports are free. Also after an internal error that ends the router
 */
export type RouterPhase = 'idle' | 'starting' | 'started' | 'stopping' | 'stopped';

/** A router of its own: what {@link createRouter} gives. */
export class Router extends RunningRouter {
  readonly #transports: ResolvedRouterOptions['transports'];
  readonly #ended: Promise<void>;
  #startPhase: 'idle' | 'starting' | 'started' = 'idle';
  #starting: Promise<readonly ListenAddress[]> | undefined;
  /** Transports of the options that are open, from the first. */
  #opened = 0;

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

  get phase(): RouterPhase {
    if (!this.isStopping) return this.#startPhase;
    return this.actor.getSnapshot().status === 'active' ? 'stopping' : 'stopped';
  }

  /**
   * Opens the transports given by the option `transports`, one after the other. While it is under way it gives the same promise, and
   * afterwards the addresses of now. If it has failed, it can be called again: it goes on with the transport that did not open.
   *
   * @returns where clients can connect
   * @throws TransportError about the first that does not open; those before it stay open. RouterStoppedError after {@link stop}, or when
   * it is called meanwhile
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
   * Stops accepting, sends everybody what is queued and a goodbye, and resolves when all are gone and every port is free:
   * at the latest after `drainTimeoutSeconds`, when those who would not go are cut off. May be called again, and in every phase.
   */
  stop(): Promise<void> {
    this.actor.send({ type: 'router.stopping' });
    return this.#ended;
  }

  async #openAll(): Promise<readonly ListenAddress[]> {
    this.#startPhase = 'starting';
    try {
      while (this.#opened < this.#transports.length) {
        await this.listen(this.#transports[this.#opened]!); // the loop ends before its end
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
 * Starts a router. It has no open door yet, and keeps no process alive until it has one.
 *
 * @throws RouterOptionsError when an option is unknown or out of range, or does not go with another
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
  // Unobserved, an actor that fails ends the process.
  actor.subscribe({
    error: (error) => {
      logger.error({ err: error }, 'internal error: the router has stopped');
    },
  });
  actor.start();
  return router;
}
