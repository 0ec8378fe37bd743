import type { AnyStateMachine } from 'xstate';
import type { Logger } from '../core/ports.js';
import type { HttpRoute } from '../http/route.js';
import type { Clock } from '../util/clock.js';
import { RouterStoppedError } from './router-stopped-error.js';
import { type Service, ServiceError, type ServiceRouter } from './service.js';

export interface ServiceGroupOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Maximum milliseconds of all calls of `stop` together. */
  readonly stopMs: number;
}

/** The services of one router: starts them in order and stops them in reverse order. */
export class ServiceGroup {
  readonly #services: readonly Service[];
  readonly #options: ServiceGroupOptions;
  /** In order of their start. */
  readonly #started: Service[] = [];
  #starting: Promise<void> = Promise.resolve();
  #abort = new AbortController();
  #isEnding = false;
  /** The service that is being started. */
  #current: Service | undefined;
  /** Aborted when the services were stopped without one that had not started in time. */
  readonly #abandoned = new AbortController();
  #stopping: Promise<void> | undefined;

  constructor(services: readonly Service[], options: ServiceGroupOptions) {
    this.#services = services;
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#services.length === 0;
  }

  /** The machines of all services. */
  get machines(): readonly AnyStateMachine[] {
    return this.#services.flatMap(({ machines = [] }) => machines);
  }

  /** The routes of all services, in their order. */
  get routes(): readonly HttpRoute[] {
    return this.#services.flatMap(({ routes = [] }) => routes);
  }

  /**
   * Starts the services that are not started yet. Has no effect if all are.
   *
   * @throws ServiceError for the first that does not start, after the others were stopped; RouterStoppedError after
   * {@link abort}
   */
  start(router: ServiceRouter): Promise<void> {
    this.#starting = this.#starting.catch(ignore).then(() => this.#startAll(router));
    return Promise.race([this.#starting, this.#abandonment()]);
  }

  /** Rejects when a service that does not start is left, so that no caller waits for it. */
  #abandonment(): Promise<never> {
    const { signal } = this.#abandoned;
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(stopped());
      });
    });
  }

  /** Aborts the signal of all services: the router begins to stop, or has ended. */
  abort(): void {
    this.#isEnding = true;
    this.#abort.abort(stopped());
  }

  /** Stops the started services, after a start that is in progress has settled. Can be repeated. */
  stop(): Promise<void> {
    this.abort();
    return (this.#stopping ??= this.#stopAll(this.#starting.catch(ignore)));
  }

  async #startAll(router: ServiceRouter): Promise<void> {
    const isEnding = (): boolean => this.#isEnding; // can change in each await
    for (const service of this.#services.slice(this.#started.length)) {
      if (isEnding()) throw stopped();
      this.#current = service;
      try {
        await service.start(router, this.#abort.signal);
      } catch (cause) {
        if (isEnding()) throw stopped(cause);
        const reason = cause instanceof Error ? cause.message : String(cause);
        const error = new ServiceError(`the service ${service.name} did not start: ${reason}`, { cause });
        this.#abort.abort(error);
        await this.#stopAll(Promise.resolve());
        this.#abort = new AbortController();
        if (isEnding()) this.#abort.abort(stopped());
        throw error;
      }
      this.#started.push(service);
      if (this.#abandoned.signal.aborted) await this.#stopAll(Promise.resolve()); // the others were stopped before
    }
  }

  /** Waits at most `stopMs` for the promise and all calls of `stop`. All are called. */
  async #stopAll(ready: Promise<void>): Promise<void> {
    const { clock, stopMs, logger } = this.#options;
    let timer: unknown;
    const late = new Promise<'late'>((resolve) => {
      timer = clock.setTimeout(() => {
        resolve('late');
      }, stopMs);
    });
    let waiting: string | undefined;
    if ((await Promise.race([ready, late])) === 'late') {
      const service = this.#current?.name;
      logger.error({ service, stopMs }, 'a service did not start in time; the router stops without it');
      this.#abandoned.abort();
    }
    for (let service = this.#started.pop(); service !== undefined; service = this.#started.pop()) {
      if ((await Promise.race([this.#stopOne(service), late])) === 'late') waiting ??= service.name;
    }
    clock.clearTimeout(timer);
    if (waiting !== undefined) {
      logger.error({ service: waiting, stopMs }, 'a service did not stop in time; the router continues without it');
    }
  }

  async #stopOne(service: Service): Promise<void> {
    try {
      await service.stop?.();
    } catch (error) {
      this.#options.logger.error({ err: error, service: service.name }, 'internal error: a service did not stop');
    }
  }
}

const ignore = (): void => undefined;

function stopped(cause?: unknown): RouterStoppedError {
  return new RouterStoppedError('the router was stopped before its services had started', { cause });
}
