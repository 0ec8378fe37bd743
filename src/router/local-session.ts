import { catchError, defer, EMPTY, type Observable, switchMap, throwError } from 'rxjs';
import { ConnectionOpened, type SessionHubEvent } from '../actors/session/session-hub-types.js';
import { type Client, type ClientOptions, connect, type OnOptions, type Signal } from '../client/index.js';
import { localLink as linkOf } from '../client/local-link.js';
import { ArgumentError, check, checkNames } from '../util/arguments.js';
import type { Clock } from '../util/clock.js';
import { parseScope, type Scope } from '../protocol/scope.js';
import type { SignalType } from '../protocol/enumerations.js';
import { RouterStoppedError, unlessStopped } from './router-stopped-error.js';
import { signalsOf } from './signals-of.js';
import { type LocalEvents, localLink, type LocalPeer, type LocalRights } from '../transports/local/index.js';

/** Options of a session inside the process of the router. */
export interface InProcessOptions {
  /** Name of the session. @default 'in process' */
  readonly name?: string | undefined;
  /** Limits the session to the scopes of this token, on a router that requires tokens. @default no limits */
  readonly token?: string | undefined;
  /**
   * Limits the session to these scopes, such as `write:/osc/**`, also on an open router. Excludes `token`.
   * @default no limits
   */
  readonly scopes?: readonly string[] | undefined;
  /** Whether the session gets a SNAPSHOT of all params at its start. @default true */
  readonly snapshot?: boolean | undefined;
  /** Milliseconds to wait for an answer of the router. @default 5_000 */
  readonly ackTimeoutMs?: number | undefined;
}

const inProcessOptions = [
  'name',
  'token',
  'scopes',
  'snapshot',
  'ackTimeoutMs',
] as const satisfies readonly (keyof InProcessOptions)[];

/** The options of `on()` that apply to an Observable. */
export type SignalsOptions<T extends SignalType = SignalType> = OnOptions<T>;

/** Options of a session that is reopened when it is lost, while the router runs. */
export interface LastingOptions {
  readonly name: string;
  /** Called with the remote address of each attempt, before the router has it. */
  readonly onAttempt?: (remoteAddress: string) => void;
}

/** Delays for reopening a lost session. Only a session limit can refuse it. */
const REOPENING = { initialDelayMs: 10, maxDelayMs: 1_000 };

/** Sessions and signals for the program that embeds the router. */
export class InProcess {
  readonly #hub: () => { send(event: SessionHubEvent): void } | undefined;
  readonly #clock: Clock;
  readonly #lasting = new Set<Client>();
  #count = 0;
  /** The shared session of the Observables. */
  #shared: Promise<Client> | undefined;

  /** @param hub returns the session hub; undefined when the router stops */
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

  /** See `ServiceRouter.openPeer`. @throws RouterStoppedError */
  openPeer(events: LocalEvents, rights: LocalRights): LocalPeer {
    const hub = this.#hub();
    if (hub === undefined) throw stopped();
    const { connection, peer } = localLink(`local:${++this.#count}`, events, rights);
    hub.send(new ConnectionOpened(connection));
    return peer;
  }

  /** Opens a session that is reopened when it is lost. @throws as {@link connect} */
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

  /** Ends all attempts to reopen a session: the router has stopped. */
  stopped(): void {
    for (const client of this.#lasting) void client.close();
  }

  async #connect(options: InProcessOptions): Promise<Client> {
    checkNames('connect', options, inProcessOptions);
    const { name = 'in process', token, scopes, snapshot, ackTimeoutMs } = options;
    check(snapshot === undefined || typeof snapshot === 'boolean', 'snapshot', 'be true or false', snapshot);
    const rights = { scopes: scopes === undefined ? undefined : scopesOf(scopes, token), wantsSnapshot: snapshot };
    return this.#open({ name, token, ackTimeoutMs, reconnect: false }, undefined, rights);
  }

  async #open(
    options: ClientOptions,
    onAttempt?: LastingOptions['onAttempt'],
    rights: LocalRights = {},
  ): Promise<Client> {
    const hasEnded = (): boolean => this.#hub() === undefined;
    const link = linkOf((events) => {
      const hub = this.#hub();
      if (hub === undefined) throw stopped();
      const remoteAddress = `local:${++this.#count}`;
      onAttempt?.(remoteAddress);
      const { connection, peer } = localLink(remoteAddress, events, rights);
      hub.send(new ConnectionOpened(connection));
      return peer;
    }, hasEnded);
    try {
      // The link between the two cannot fail silently, so neither sends keep-alives.
      return await connect(link, { ...options, keepAliveMs: 0, clock: this.#clock });
    } catch (cause) {
      throw hasEnded() && !(cause instanceof ArgumentError) ? stopped(cause) : cause;
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

/** @throws ArgumentError for an invalid scope, or beside a token */
function scopesOf(scopes: readonly string[], token: string | undefined): readonly Scope[] {
  const isList = Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string');
  check(isList, 'scopes', 'be a list of scopes, such as write:/osc/**', scopes);
  check(token === undefined, 'scopes', 'not be combined with token', scopes);
  try {
    return scopes.map(parseScope);
  } catch (cause) {
    throw new ArgumentError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function stopped(cause?: unknown): RouterStoppedError {
  return new RouterStoppedError('the router was stopped; it opens no session', { cause });
}
