import type { ClaspError } from '../protocol/errors.js';
import type { Clock } from '../util/clock.js';
import { ClientError, messageOf } from './client-error.js';

/** Maximum milliseconds between an ERROR and a disconnect that it explains. */
const CLOSE_REASON_MS = 1_000;

/** Phases of a session of the client. */
export type SessionPhase = 'opening' | 'greeting' | 'welcomed' | 'closing' | 'ended';

/** Finds the error that explains the end of one session. */
export class EndCause {
  readonly #url: string;
  readonly #clock: Clock;
  /** Why this side is closing, if it is. It precedes all other causes. */
  own: Error | undefined;
  /** The last ERROR of the router about the whole session, and its time. */
  #closeReason: { readonly error: ClaspError; readonly atMs: number } | undefined;

  /** @param url of the router, for the texts */
  constructor(url: string, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
  }

  /** Records an ERROR of the router about the whole session: it explains a disconnect that follows. */
  explainedBy(error: ClaspError): void {
    this.#closeReason = { error, atMs: this.#clock.now() };
  }

  /**
   * Returns the cause of a closed connection.
   *
   * @param phase of the session before it
   * @param cause the error of the connection; undefined if the router closed it
   */
  ofClose(phase: SessionPhase, cause: Error | undefined): Error {
    if (this.own !== undefined) return this.own;
    if (phase === 'opening') return this.unreachable(cause);
    const said = this.#closeReason;
    if (said !== undefined && this.#clock.now() - said.atMs <= CLOSE_REASON_MS) return said.error;
    if (phase === 'greeting') return this.unreachable(cause ?? new Error('it disconnected without a WELCOME'));
    const text = cause === undefined ? 'the router closed the connection' : `the connection failed: ${cause.message}`;
    return new ClientError('lost', text, cause);
  }

  /** Returns the error for a router to which this client cannot connect. */
  unreachable(cause: Error | undefined): ClientError {
    const message = cause === undefined ? '' : messageOf(cause);
    const why = message === '' ? '' : `: ${message}`;
    return new ClientError('unreachable', `cannot connect to ${this.#url}${why}`, cause);
  }
}
