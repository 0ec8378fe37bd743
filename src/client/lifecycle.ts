import { ClaspError, ErrorCode } from '../protocol/errors.js';
import { ClientError } from './client-error.js';
import type { Link } from './link.js';
import { reconnectDelayMs, type ResolvedOptions } from './options.js';
import { Session, type SessionEvents } from './session.js';

/** Requests can be made while `open`. `closed` is final. */
export type ClientState = 'connecting' | 'open' | 'reconnecting' | 'closed';

export interface StateChange {
  readonly state: ClientState;
  /**
   * Why the client is no longer open, or why the last attempt failed. Absent when it opens, and when the program closed
   * it.
   */
  readonly reason?: Error | undefined;
}

export interface LifecycleEvents extends Omit<SessionEvents, 'ended'> {
  changed(change: StateChange): void;
  /** The session is over. Called before `changed`. Its unanswered requests get no answer. */
  interrupted(error: ClientError): void;
}

/** Rejections that would be repeated at the next attempt. */
const FINAL_CODES: readonly number[] = [ErrorCode.Unauthorized, ErrorCode.Forbidden, ErrorCode.TokenExpired];

/** Sequence of sessions: connects, and reconnects when an open session is lost. */
export class Lifecycle {
  readonly #link: Link;
  readonly #options: ResolvedOptions;
  readonly #events: LifecycleEvents;
  #state: ClientState = 'connecting';
  #session: Session;
  /** Time at which the current session opened. */
  #openedAtMs: number | undefined;
  /** Consecutive attempts without a lasting session. */
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

  /**
   * Resolves when the first session is open. Must be called once and immediately. @throws the reason why it could not
   * be opened
   */
  firstOpen(): Promise<void> {
    return new Promise((resolve, reject) => (this.#firstOpen = { resolve, reject }));
  }

  /** Marks the session as set up and usable. */
  opened(): void {
    if (this.#state === 'open') return;
    this.#session.settled();
    this.#openedAtMs = this.#options.clock.now();
    this.#change({ state: 'open' });
    this.#firstOpen?.resolve();
    this.#firstOpen = undefined;
  }

  /** Resolves when all network resources are released. Can be called again. */
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
    if (isFirst || isFinal || reconnect === undefined || this.#link.hasEnded === true) {
      this.#stop(cause, cause);
      this.#onClosed();
      return;
    }
    // If a connection opens and fails again soon, the delay does not restart from its initial value.
    if (this.#openedAtMs !== undefined && clock.now() - this.#openedAtMs >= reconnect.maxDelayMs) this.#attempts = 0;
    this.#openedAtMs = undefined;
    if (this.#attempts >= reconnect.maxAttempts) {
      const text = `stopped after ${this.#attempts} attempts to reconnect: ${cause.message}`;
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

  /** @param reason undefined if the program closed the client */
  #stop(error: Error, reason: Error | undefined): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#state = 'closed'; // set before the notifications, so that no request can start in between
    if (error instanceof ClientError && error.kind === 'closed') this.#events.interrupted(error);
    else this.#interrupt(error);
    this.#events.changed({ state: 'closed', reason });
    this.#firstOpen?.reject(error);
    this.#firstOpen = undefined;
  }

  #interrupt(cause: Error): void {
    this.#events.interrupted(
      new ClientError('lost', `the connection was lost before the answer arrived: ${cause.message}`, cause),
    );
  }

  #change(change: StateChange): void {
    this.#state = change.state;
    this.#events.changed(change);
  }
}
