import { catchError, defer, EMPTY, type Observable, switchMap, throwError } from 'rxjs';
import { ConnectionOpened, type SessionHubEvent } from '../actors/session/session-hub-types.js';
import { type Client, type ClientOptions, connect, type OnOptions, type Signal } from '../client/index.js';
import { localLink as linkOf } from '../client/local-link.js';
import { ArgumentError, checkNames } from '../util/arguments.js';
import type { Clock } from '../util/clock.js';
import type { SignalType } from '../protocol/enumerations.js';
import { RouterStoppedError, unlessStopped } from './router-stopped-error.js';
import { signalsOf } from './signals-of.js';
import { localLink } from '../transports/local/index.js';

/** A session inside the router's own process. */
export interface InProcessOptions {
  /** What it calls itself. @default 'in process' */
  readonly name?: string | undefined;
  /** Limits it to what this token allows, on a router that asks for tokens. @default it may do everything */
  readonly token?: string | undefined;
  /** Milliseconds it waits for an answer of the router. @default 5_000 */
  readonly ackTimeoutMs?: number | undefined;
}

const inProcessOptions = ['name', 'token', 'ackTimeoutMs'] as const satisfies readonly (keyof InProcessOptions)[];

/** What else of `on()` makes sense for an Observable. */
export type SignalsOptions<T extends SignalType = SignalType> = OnOptions<T>;

/** A session that is opened again when it is lost, as long as the router runs. */
export interface LastingOptions {
  readonly name: string;
  /** Is told the remote address of each attempt, before the router knows of it. */
  readonly onAttempt?: (remoteAddress: string) => void;
}

/** How a lost session is opened again. Only a limit of sessions can refuse it. */
const REOPENING = { initialDelayMs: 10, maxDelayMs: 1_000 };

/** Sessions and signals for the program that has the router in its process. */
export class InProcess {
  readonly #hub: () => { send(event: SessionHubEvent): void } | undefined;
  readonly #clock: Clock;
  readonly #lasting = new Set<Client>();
  #count = 0;
  /** The session that the Observables share. */
  #shared: Promise<Client> | undefined;

  /** @param hub the session hub; undefined once the router stops */
  constructor(hub: () => { send(event: SessionHubEvent): void } | undefined, clock: Clock) {
    this.#hub = hub;
    this.#clock = clock;
  }

  /**
   * Opens a session.
   *
   * @throws ClaspError, ClientError, ArgumentError as `connect` of the client does, RouterStoppedError
   */
  connect(options: InProcessOptions = {}): Promise<Client> {
    return unlessStopped(this.#connect(options));
  }

  /** Opens a session that is opened again when it is lost. @throws as {@link connect} */
  async connectLasting({ name, onAttempt }: LastingOptions): Promise<Client> {
    const client = await unlessStopped(this.#open({ name, reconnect: REOPENING }, onAttempt));
    this.#lasting.add(client);
    client.onState(({ state }) => {
      if (state === 'closed') this.#lasting.delete(client);
    });
    return client;
  }

  /** See `Router.signals$`. */
  signals$<T extends SignalType>(pattern: string, options: SignalsOptions<T>): Observable<Signal<T>> {
    const isEnd = (): boolean => this.#hub() === undefined;
    return defer(() => this.#session()).pipe(
      switchMap((client) => signalsOf(client, pattern, options, isEnd)),
      catchError((error: unknown) => (error instanceof RouterStoppedError ? EMPTY : throwError(() => error))),
    );
  }

  /** The router has stopped: nothing waits any more to open a session again. */
  stopped(): void {
    for (const client of this.#lasting) void client.close();
  }

  async #connect(options: InProcessOptions): Promise<Client> {
    checkNames('connect', options, inProcessOptions);
    const { name = 'in process', token, ackTimeoutMs } = options;
    return this.#open({ name, token, ackTimeoutMs, reconnect: false });
  }

  async #open(options: ClientOptions, onAttempt?: LastingOptions['onAttempt']): Promise<Client> {
    const isGone = (): boolean => this.#hub() === undefined;
    const link = linkOf((events) => {
      const hub = this.#hub();
      if (hub === undefined) throw stopped();
      const remoteAddress = `local:${++this.#count}`;
      onAttempt?.(remoteAddress);
      const { connection, peer } = localLink(remoteAddress, events);
      hub.send(new ConnectionOpened(connection));
      return peer;
    }, isGone);
    try {
      // Nothing between the two can fall silent, so neither asks whether the other is still there.
      return await connect(link, { ...options, keepAliveMs: 0, clock: this.#clock });
    } catch (cause) {
      throw isGone() && !(cause instanceof ArgumentError) ? stopped(cause) : cause;
    }
  }

  #session(): Promise<Client> {
    this.#shared ??= this.connectLasting({ name: 'in process' }).then((client) => {
      client.onState(({ state }) => {
        if (state === 'closed') this.#shared = undefined;
      });
      return client;
    });
    this.#shared.catch(() => {
      this.#shared = undefined;
    });
    return this.#shared;
  }
}

function stopped(cause?: unknown): RouterStoppedError {
  return new RouterStoppedError('the router was stopped; it opens no session', { cause });
}
