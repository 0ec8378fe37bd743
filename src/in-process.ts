import { defer, type Observable, switchMap } from 'rxjs';
import { ConnectionOpened, type SessionHubEvent } from './actors/session/session-hub.js';
import { type Client, connect, type OnOptions, type Signal } from './client/index.js';
import { localLink as linkOf } from './client/local-link.js';
import { checkNames } from './arguments.js';
import type { Clock } from './clock.js';
import type { SignalType } from './protocol/enumerations.js';
import { signalsOf } from './signals-of.js';
import { localLink } from './transports/local/index.js';

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

/** Sessions and signals for the program that has the router in its process. */
export class InProcess {
  readonly #hub: () => { send(event: SessionHubEvent): void } | undefined;
  readonly #clock: Clock;
  #count = 0;
  /** The session that the Observables share. */
  #shared: Promise<Client> | undefined;

  /** @param hub the session hub; undefined once the router has stopped */
  constructor(hub: () => { send(event: SessionHubEvent): void } | undefined, clock: Clock) {
    this.#hub = hub;
    this.#clock = clock;
  }

  /** Opens a session. @throws ClaspError, ClientError, ArgumentError as `connect` of the client does */
  async connect(options: InProcessOptions = {}): Promise<Client> {
    checkNames('connect', options, inProcessOptions);
    const { name = 'in process', token, ackTimeoutMs } = options;
    const link = linkOf((events) => {
      const hub = this.#hub();
      if (hub === undefined) throw new Error('the router has stopped');
      const { connection, peer } = localLink(`local:${++this.#count}`, events);
      hub.send(new ConnectionOpened(connection));
      return peer;
    });
    // Nothing between the two can fall silent, so neither asks whether the other is still there.
    return connect(link, { name, token, ackTimeoutMs, reconnect: false, keepAliveMs: 0, clock: this.#clock });
  }

  /** See `Router.signals$`. */
  signals$<T extends SignalType>(pattern: string, options: SignalsOptions<T>): Observable<Signal<T>> {
    // Whatever closes a session in this process, the router's signals have come to their end.
    const isEnd = (): boolean => true;
    return defer(() => this.#session()).pipe(switchMap((client) => signalsOf(client, pattern, options, isEnd)));
  }

  #session(): Promise<Client> {
    this.#shared ??= this.connect().then((client) => {
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
