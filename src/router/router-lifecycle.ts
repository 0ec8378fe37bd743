import type { ActorRefFrom } from 'xstate';
import type { rootMachine } from '../actors/root/root-machine.js';
import type { ListenAddress } from '../net/listen-address.js';
import type { Transport } from '../transports/transport.js';
import { RouterStoppedError, unlessStopped } from './router-stopped-error.js';
import type { ServiceGroup } from './service-group.js';
import type { ServiceRouter } from './service.js';

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

/** Starts the services and transports of a router in order, and stops the services when its actor ends. */
export class RouterLifecycle {
  /** Resolves when every port is free and all services have stopped. */
  readonly ended: Promise<void>;
  readonly #router: ServiceRouter;
  readonly #services: ServiceGroup;
  readonly #transports: readonly Transport[];
  #hasEnded = false;
  #startPhase: 'idle' | 'starting' | 'started' = 'idle';
  #starting: Promise<readonly ListenAddress[]> | undefined;
  /** Number of open transports of the options, from the first. */
  #opened = 0;

  constructor(
    router: ServiceRouter,
    actor: ActorRefFrom<typeof rootMachine>,
    services: ServiceGroup,
    transports: readonly Transport[],
  ) {
    this.#router = router;
    this.#services = services;
    this.#transports = transports;
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        const finish = (): void => {
          this.#hasEnded = true;
          resolve();
        };
        if (services.isEmpty) finish();
        else void services.stop().then(finish);
      };
      const next = (snapshot: ReturnType<typeof actor.getSnapshot>): void => {
        if (!services.isEmpty && !snapshot.matches('running')) services.abort();
      };
      actor.subscribe({ next, complete: end, error: end });
    });
  }

  get phase(): RouterPhase {
    if (!this.#router.isStopping) return this.#startPhase;
    return this.#hasEnded ? 'stopped' : 'stopping';
  }

  /** See `Router.start`. */
  start(): Promise<readonly ListenAddress[]> {
    switch (this.phase) {
      case 'idle':
        return (this.#starting = unlessStopped(this.#openAll()));
      case 'starting':
        return this.#starting!; // set with the phase
      case 'started':
        return Promise.resolve(this.#router.addresses);
      case 'stopping':
      case 'stopped':
        return Promise.reject(new RouterStoppedError('the router was stopped; create another one to start again'));
    }
  }

  async #openAll(): Promise<readonly ListenAddress[]> {
    this.#startPhase = 'starting';
    try {
      await this.#services.start(this.#router);
      while (this.#opened < this.#transports.length) {
        await this.#router.listen(this.#transports[this.#opened]!); // the loop condition bounds the index
        this.#opened++;
      }
      this.#startPhase = 'started';
      return this.#router.addresses;
    } catch (error) {
      this.#startPhase = 'idle';
      throw error;
    }
  }
}
