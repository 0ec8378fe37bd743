import { ClaspError, ErrorCode } from '../protocol/errors.js';
import { ClientError } from './client-error.js';
import type { Link } from './link.js';
import { reconnectDelayMs, type ResolvedOptions } from './options.js';
import { Session, type SessionEvents } from './session.js';

/** `open` is when requests can be made; `closed` is for good. */
export type ClientState = 'connecting' | 'open' | 'reconnecting' | 'closed';

export interface StateChange {
  readonly state: ClientState;
  /** Why it is no longer open, or why the last attempt failed. Absent when it opens, and when the program closed it. */
  readonly reason?: Error | undefined;
}

export interface LifecycleEvents extends Omit<SessionEvents, 'ended'> {
  changed(change: StateChange): void;
  /** The session is over, before `changed` tells of it: what was asked in it gets no answer. */
  interrupted(error: ClientError): void;
}

/** Refusals that the next attempt would only hear again. */
const FINAL_CODES: readonly number[] = [ErrorCode.Unauthorized, ErrorCode.Forbidden, ErrorCode.TokenExpired];

/** From one session to the next: connects, and connects again when what was open is lost. */
export class Lifecycle {
  readonly #link: Link;
  readonly #options: ResolvedOptions;
  readonly #events: LifecycleEvents;
  #state: ClientState = 'connecting';
  #session: Session;
  /** When the session of now became open. */
  #openedAtMs: number | undefined;
  /** Attempts in a row that led to nothing lasting. */
  #attempts = 0;
  #timer: unknown;
  #firstOpen: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  readonly #closed: Promise<void>;
  #onClosed: () => void = () => undefined;

  constructor(link: Link, options: ResolvedOptions, events: LifecycleEvents) {
    this.#link = link;
    this.#options = options;
    this.#events = events;
    this.#closed = new Promise((resolve) => (this.#onClosed = resolve));
    this.#session = this.#begin();
  }

  get state(): ClientState {
    return this.#state;
  }

  get session(): Session {
    return this.#session;
  }

  /** Resolves when the first session is open. Call once, at once. @throws what kept it from that */
  firstOpen(): Promise<void> {
    return new Promise((resolve, reject) => (this.#firstOpen = { resolve, reject }));
  }

  /** The session is set up and can be used. */
  opened(): void {
    if (this.#state === 'open') return;
    this.#session.settled();
    this.#openedAtMs = this.#options.clock.now();
    this.#change({ state: 'open' });
    this.#firstOpen?.resolve();
    this.#firstOpen = undefined;
  }

  /** Resolves when the network has let go of everything. May be called again. */
  close(): Promise<void> {
    if (this.#state === 'closed') return this.#closed;
    const error = new ClientError('closed', 'the client was closed');
    const isWaiting = this.#timer !== undefined;
    this.#stop(error, undefined);
    if (isWaiting) this.#onClosed();
    else this.#session.close(error);
    return this.#closed;
  }

  #begin(): Session {
    const { welcomed, received, faulty, keepAlive } = this.#events;
    const ended = (cause: Error): void => {
      this.#ended(cause);
    };
    return new Session(this.#link, this.#options, { welcomed, received, faulty, keepAlive, ended });
  }

  #ended(cause: Error): void {
    if (this.#state === 'closed') {
      this.#onClosed();
      return;
    }
    const { clock, reconnect, random } = this.#options;
    const isFirst = this.#firstOpen !== undefined;
    const isFinal = cause instanceof ClaspError && FINAL_CODES.includes(cause.code);
    if (isFirst || isFinal || reconnect === undefined || this.#link.isGone === true) {
      this.#stop(cause, cause);
      this.#onClosed();
      return;
    }
    // A connection that opens only to break again does not begin from the first delay each time.
    if (this.#openedAtMs !== undefined && clock.now() - this.#openedAtMs >= reconnect.maxDelayMs) this.#attempts = 0;
    this.#openedAtMs = undefined;
    if (this.#attempts >= reconnect.maxAttempts) {
      const text = `gave up after ${this.#attempts} attempts to connect again: ${cause.message}`;
      const error = new ClientError('unreachable', text, cause);
      this.#stop(error, error);
      this.#onClosed();
      return;
    }
    this.#timer = clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#session = this.#begin();
      },
      reconnectDelayMs(reconnect, this.#attempts++, random),
    );
    this.#interrupt(cause);
    this.#change({ state: 'reconnecting', reason: cause });
  }

  /** @param reason undefined where the program wanted it so */
  #stop(error: Error, reason: Error | undefined): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#state = 'closed'; // before anybody hears of it: no new request may come in between
    if (error instanceof ClientError && error.kind === 'closed') this.#events.interrupted(error);
    else this.#interrupt(error);
    this.#events.changed({ state: 'closed', reason });
    this.#firstOpen?.reject(error);
    this.#firstOpen = undefined;
  }

  #interrupt(cause: Error): void {
    this.#events.interrupted(
      new ClientError('lost', `the connection was lost before the answer came: ${cause.message}`, cause),
    );
  }

  #change(change: StateChange): void {
    this.#state = change.state;
    this.#events.changed(change);
  }
}
