import { type Actor, createActor } from 'xstate';
import { microseconds, wallTime } from '../../util/clock.js';
import { clientPrefixOf } from '../../util/client-prefix.js';
import type { CloseReason } from '../../util/close-reason.js';
import type { PeerDeadlineQueue } from '../../util/peer-deadline-queue.js';
import { peerText } from '../../util/printable-text.js';
import type { Feature } from '../../protocol/enumerations.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Connection } from '../../transports/transport.js';
import type { Grant } from '../../core/ports.js';
import { grantError } from '../../core/sessions/grant-error.js';
import { noPermissions } from '../../core/sessions/permissions.js';
import { RouterSession } from '../../core/session.js';
import type { OverdueEvent, SessionPhase } from '../../core/session-events.js';
import { watchGrant } from './grant-watch.js';
import type { DeadlineHolder, SessionDeadlines } from './session-deadlines.js';
import type { SessionHubInput, SessionHubScope } from './session-hub-types.js';
import { sessionLogic } from './session-logic.js';
import type { sessionMachine } from './session-machine.js';
import type { SessionLog } from './session-log.js';
import type { SessionPort } from './session-port.js';
import type { TokenSessions } from './token-sessions.js';

/** What the drivers of a hub share. */
export interface SessionDriverHost {
  /** The hub, which is the parent of each session machine. */
  readonly parent: SessionHubScope['self'];
  readonly input: SessionHubInput;
  readonly tokens: TokenSessions;
  readonly deadlines: SessionDeadlines;
  readonly log: SessionLog;
  /** HELLO was accepted, and its token too if the router has authentication. Called at most once per driver. */
  readonly established: (driver: SessionDriver, name: string, grant: Grant | undefined) => void;
}

/**
 * Drives one session: creates its machine and its data plane object for a connection, and carries out the effects of
 * the machine. A HELLO with a token takes these steps, each in one method: `authenticate` checks the token,
 * `established` reports the session, `authenticated` opens it and passes the grant to the core, which sends WELCOME and
 * handles the frames behind HELLO.
 */
export class SessionDriver implements SessionPort, DeadlineHolder {
  readonly actor: Actor<typeof sessionMachine>;
  readonly session: RouterSession;
  readonly connection: Connection;
  /** Its key for limits per address; undefined for this computer. */
  readonly place: string | undefined;
  /** Whether it occupies a place. */
  isAdmitted: boolean;
  readonly #host: SessionDriverHost;
  readonly #drained: { unsubscribe(): void };
  #wasEstablished = false;
  #isReleased = false;
  /** The token that it counts for, once checked. */
  #tokenId: string | undefined;
  /** The deadline of the current state, if any: what the machine receives when it has passed, and where it waits. */
  #overdueEvent: OverdueEvent | undefined;
  #deadlines: PeerDeadlineQueue<DeadlineHolder> | undefined;
  #stopWatchingGrant: (() => void) | undefined;

  /** @param isAdmitted whether the connection is counted already; a refused one is not */
  constructor(id: string, connection: Connection, isAdmitted: boolean, host: SessionDriverHost) {
    const { transport, remoteAddress } = connection;
    const { router, clock, maxQueueBytes, maxQueueMessages, helloTimeoutMs, drainMs, systemIdPrefix = '' } = host.input;
    this.#host = host;
    this.connection = connection;
    this.isAdmitted = isAdmitted;
    this.place = clientPrefixOf(connection);
    const session = new RouterSession({
      id,
      link: connection,
      notify: (event) => {
        this.actor.send(event);
      },
      nowMicros: microseconds(clock),
      maxQueueBytes,
      maxQueueMessages,
    });
    this.session = session;
    this.actor = createActor(sessionLogic, {
      parent: host.parent,
      id,
      systemId: `${systemIdPrefix}session:${id}`,
      input: { id, transport, remoteAddress, helloDeadlineMs: helloTimeoutMs, drainMs, port: this },
    });
    // Every tick of a busy socket drains it. The router needs this only for congested sessions.
    this.#drained = connection.drained$.subscribe(() => {
      if (session.phase === 'congested') router.send({ type: 'session.drained', session });
    });
  }

  /** Whether the session was reported as established. */
  get wasEstablished(): boolean {
    return this.#wasEstablished;
  }

  /** Starts the machine. @param refusal why the connection is refused; undefined if it is admitted */
  open(refusal: ClaspError | undefined): void {
    const { session, actor } = this;
    actor.start();
    this.#host.input.router.send({ type: 'session.opened', session });
    actor.send(
      refusal === undefined ? { type: 'connection.admitted' } : { type: 'connection.refused', error: refusal },
    );
  }

  /** The session has ended: removes everything that could notify it, and its count for its token. */
  release(): void {
    this.#isReleased = true;
    this.#drained.unsubscribe();
    this.#stopWatchingGrant?.();
    this.#clearDeadline();
    if (this.#tokenId !== undefined) this.#host.tokens.leave(this.#tokenId);
  }

  /** The fields of every log line about the session. */
  describe(): object {
    const { session, connection } = this;
    return {
      session: session.id,
      name: peerText(session.name),
      transport: connection.transport,
      remoteAddress: connection.remoteAddress,
    };
  }

  /** The machine refers to its driver, and inspectors show machines. */
  toJSON(): object {
    return { session: this.session.id };
  }

  phaseChanged(phase: SessionPhase): void {
    this.#clearDeadline();
    this.session.phase = phase;
    this.session.phaseSinceMicros = microseconds(this.#host.input.clock);
  }

  /** @throws ClaspError with the reason for the peer: its token is refused, not valid now, or has too many sessions */
  async authenticate(): Promise<Grant> {
    const { authenticator, clock, logger } = this.#host.input;
    if (authenticator === undefined) throw new ClaspError(ErrorCode.InternalError, 'Server misconfiguration');
    try {
      const grant = await authenticator.authenticate(this.session.pending?.hello.token ?? '');
      const error = grantError(grant, wallTime(clock));
      if (error !== undefined) throw error;
      if (!this.#isReleased) {
        this.#host.tokens.enter(grant.tokenId);
        this.#tokenId = grant.tokenId;
      }
      return grant;
    } catch (error) {
      if (error instanceof ClaspError) throw error;
      // Not the error itself: its texts come from an external authenticator and can contain anything.
      const fault = error instanceof Error ? error.name : typeof error;
      logger.error({ session: this.session.id, fault }, 'internal error while checking a token');
      throw new ClaspError(ErrorCode.InternalError, 'Internal error');
    }
  }

  established(name: string, features: readonly Feature[], grant: Grant | undefined): void {
    const { transport, remoteAddress } = this.connection;
    this.#host.log.opened(() => ({
      session: this.session.id,
      name: peerText(name),
      transport,
      remoteAddress,
      features,
      ...(grant && identityOf(grant)),
    }));
    this.#wasEstablished = true;
    this.#host.established(this, name, grant);
    if (grant !== undefined) this.#watchGrant(grant);
  }

  authenticated(grant: Grant): void {
    const { session } = this;
    // The core sends WELCOME and handles the frames behind HELLO at once, for an open session only. The entry action of
    // `active` would be too late: it runs after this action of the transition.
    this.phaseChanged('active');
    this.#host.input.router.send({ type: 'session.authenticated', session, grant });
  }

  closing(error: ClaspError | undefined, reason: CloseReason): void {
    const { session } = this;
    this.#host.input.router.send({ type: 'session.closing', session, error, reason });
  }

  setDeadline(event: OverdueEvent, milliseconds: number): void {
    this.#overdueEvent = event;
    this.#deadlines = this.#host.deadlines.of(milliseconds);
    this.#deadlines.set(this);
  }

  overdue(): void {
    if (this.#overdueEvent !== undefined) this.actor.send(this.#overdueEvent);
  }

  destroy(): void {
    this.connection.destroy();
  }

  #clearDeadline(): void {
    this.#deadlines?.clear(this);
    this.#deadlines = undefined;
    this.#overdueEvent = undefined;
  }

  /** If the token becomes invalid, ends the session, and its scheduled work at once. */
  #watchGrant(grant: Grant): void {
    const { authenticator, clock } = this.#host.input;
    if (authenticator === undefined) return;
    const { session } = this;
    this.#stopWatchingGrant = watchGrant(grant, authenticator, clock, (error) => {
      session.permissions = noPermissions();
      session.notify({ type: 'end.grantEnded', error });
    });
  }
}

/** The subject of a token, for a log line. */
function identityOf({ subject, tokenId }: Grant): object {
  return { subject: subject === undefined ? undefined : peerText(subject), tokenId: peerText(tokenId) };
}
