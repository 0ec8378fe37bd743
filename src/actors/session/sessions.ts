import { randomUUID } from 'node:crypto';
import { type Actor, createActor } from 'xstate';
import { microseconds } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { placeOfConnection } from '../../util/client-prefix.js';
import { judgeAfterInput, type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { peerText, SENTENCE_CHARACTERS } from '../../util/printable-text.js';
import type { Connection } from '../../transports/transport.js';
import type { Grant } from '../../core/ports.js';
import type { ClientIdentity } from '../../core/writes/lock-takeover.js';
import { noPermissions } from '../../core/sessions/permissions.js';
import { RouterSession } from '../../core/session.js';
import { logClock } from './clock-log.js';
import { Displacement } from './displacement.js';
import { watchGrant } from './grant-watch.js';
import { LockHolderProbes } from './lock-holder-probes.js';
import { SessionAdmission } from './session-admission.js';
import { endWithError } from './session-end.js';
import type { SessionEnd } from '../../core/session-events.js';
import type { SessionHubInput, SessionHubScope } from './session-hub-types.js';
import { sessionMachine } from './session-machine.js';
import { SessionProbes } from './session-probes.js';
import { type SessionView, viewSession } from './session-view.js';
import { SilenceWatch } from './silence-watch.js';
import { TokenSessions } from './token-sessions.js';

/** One session: its machine, its data plane object, and its connection. */
interface Entry {
  readonly actor: Actor<typeof sessionMachine>;
  readonly session: RouterSession;
  readonly connection: Connection;
  /** Its key for limits per address; undefined for this computer. */
  readonly place: string | undefined;
  /** Whether it occupies a place. */
  admitted: boolean;
  /** Whether it has sent HELLO. */
  wasEstablished: boolean;
  /** The token that it counts for, once validated. */
  tokenId: string | undefined;
  /** Removes the subscriptions that notify the session. */
  readonly release: () => void;
}

/** All sessions of a hub, from the accepted connection to the last log line. */
export class Sessions {
  readonly #scope: SessionHubScope;
  readonly #input: SessionHubInput;
  readonly #newId: () => string;
  readonly #entries = new Map<string, Entry>();
  /** Sessions without a HELLO. */
  readonly #unestablished = new Map<Connection, Entry>();
  readonly #admission: SessionAdmission;
  readonly #probes: SessionProbes;
  readonly #displacement: Displacement;
  readonly #tokens: TokenSessions;
  readonly #holders: LockHolderProbes;
  readonly #silence: SilenceWatch;
  #authFailures = 0;
  #draining = false;
  #drained = false;
  #sweepDeadline: PeerDeadline | undefined;
  #stopWatching = (): void => undefined;

  constructor(scope: SessionHubScope, input: SessionHubInput) {
    this.#scope = scope;
    this.#input = input;
    this.#newId = input.newId ?? randomUUID;
    const { router, clock } = input;
    const sessions = (): Iterable<Entry> => this.#entries.values();
    const release = (session: RouterSession, text: string): void => {
      // Through the connection, because the pipeline limits how many sessions end per turn of the event loop.
      session.link.destroy(text);
    };
    this.#probes = new SessionProbes({ router, clock, sessions, release });
    this.#displacement = new Displacement({ clock, sessions, displace: this.#displace });
    this.#tokens = new TokenSessions(input.maxSessionsPerToken);
    this.#holders = new LockHolderProbes({ router, clock, sessions });
    this.#admission = new SessionAdmission({
      ...input,
      mayRelease: (place) => this.#probes.mayRelease(place),
      want: (place) => {
        this.#probes.want(place);
      },
      mayDisplace: (place) => this.#displacement.mayDisplace(place),
      displace: (place) => this.#displacement.displace(place),
      admit: (connection) => {
        this.#tryStart(connection, undefined);
      },
      refuse: (connection, text) => {
        this.#tryStart(connection, new ClaspError(ErrorCode.Overloaded, text));
      },
      cutOff: this.#cutShort,
      onDue: () => {
        scope.self.send({ type: 'admission.due' });
      },
    });
    this.#silence = new SilenceWatch(router, clock);
  }

  /** Sessions that were admitted and have not ended. */
  get count(): number {
    return this.#admission.sessions;
  }

  get authFailures(): number {
    return this.#authFailures;
  }

  get releasedSessions(): number {
    return this.#probes.releasedCount;
  }

  get displacedSessions(): number {
    return this.#displacement.displacedCount;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /**
   * Handles a new connection. It gets a session, at once or after waiting for a limit; until then it is not read. A
   * refused connection gets a session that sends the reason.
   */
  open(connection: Connection): void {
    if (this.#draining) this.#tryStart(connection, shuttingDown());
    else this.#admission.arrive(connection);
  }

  /** Creates a session for each connection that no limit blocks anymore. */
  admitWaiting(): void {
    this.#admission.look();
  }

  #tryStart(connection: Connection, refusal: ClaspError | undefined): void {
    try {
      this.#start(connection, refusal);
    } catch (error) {
      const { transport, remoteAddress } = connection;
      this.#input.logger.error({ err: error, transport, remoteAddress }, 'internal error while opening a session');
      if (refusal === undefined && !this.#unestablished.has(connection)) this.#admission.leave(connection);
      connection.destroy();
    }
  }

  /** A session machine has ended. */
  ended(id: string, end: SessionEnd): void {
    const entry = this.#forget(id, end.kind);
    if (entry === undefined) return;
    this.#report(entry, end);
    this.#reportDrained();
  }

  /** A session machine has thrown: an internal error, which ends only this session. */
  broke(id: string, error: unknown): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#input.logger.error({ err: error, ...described(entry) }, 'internal error in a session');
    entry.session.phase = 'closed'; // the machine cannot set it anymore
    entry.connection.destroy();
    this.ended(
      id,
      endWithError('failure', new ClaspError(ErrorCode.InternalError, 'Internal error', { cause: error })),
    );
  }

  /** Returns views of all sessions in their current state. */
  views(): readonly SessionView[] {
    const watch = ClockWatch.of(this.#input.clock);
    watch.look();
    const { protocolAheadMicros } = watch;
    return Array.from(this.#entries.values(), ({ actor, session }) => viewSession(session, actor, protocolAheadMicros));
  }

  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (const connection of this.#admission.clear()) this.#tryStart(connection, shuttingDown());
    for (const { actor } of this.#entries.values()) actor.send({ type: 'end.routerDraining' });
    this.#reportDrained();
  }

  /** Ends idle sessions. Those before HELLO have their own deadline, in-process sessions have none. */
  sweep(): void {
    this.#sweepDeadline = undefined;
    const { clock, sessionTimeoutMs } = this.#input;
    const silentSince = microseconds(clock) - sessionTimeoutMs * 1_000;
    for (const { actor, session } of this.#entries.values()) {
      if (!session.established || session.link.isTrusted === true) continue;
      if (session.lastActivityMicros > silentSince) continue;
      const text = `Idle: nothing was received or sent for ${sessionTimeoutMs / 1_000} s`;
      actor.send({ type: 'end.idled', error: new ClaspError(ErrorCode.Timeout, text) });
    }
    this.#planSweep();
  }

  /** The hub was stopped: destroys every connection, without close messages. */
  cutOff(): void {
    for (const connection of this.#admission.clear()) connection.destroy();
    for (const [id, entry] of this.#entries) {
      this.#scope.stopChild(entry.actor);
      entry.session.phase = 'closed';
      entry.connection.destroy();
      this.#forget(id, 'shutdown');
      this.#report(entry, { kind: 'shutdown', text: 'The router stopped before the session had ended' });
    }
  }

  reportFault(error: unknown, event: string): void {
    this.#input.logger.error({ err: error, event }, 'internal error in the session hub');
  }

  /** @param refusal why it is refused; undefined if it is admitted, in which case it must be counted already */
  #start(connection: Connection, refusal: ClaspError | undefined): void {
    const { transport, remoteAddress } = connection;
    const { router, clock, maxQueueBytes, maxQueueMessages, helloTimeoutMs, drainMs } = this.#input;
    const id: unknown = this.#newId();
    if (typeof id !== 'string' || id === '') throw new Error('newId must give a text that is not empty');
    const session = new RouterSession({
      id,
      link: connection,
      notify: (event) => {
        actor.send(event);
      },
      nowMicros: microseconds(clock),
      maxQueueBytes,
      maxQueueMessages,
    });
    let granted: Grant | undefined;
    let overdue: PeerDeadline | undefined;
    let stopWatching = (): void => undefined;
    const actor = createActor(sessionMachine, {
      parent: this.#scope.self,
      id,
      systemId: `${this.#input.systemIdPrefix ?? ''}session:${id}`,
      input: {
        id,
        transport,
        remoteAddress,
        helloDeadlineMs: helloTimeoutMs,
        drainMs,
        port: {
          phaseChanged(phase) {
            session.phase = phase;
            session.phaseSinceMicros = microseconds(clock);
            if (phase === 'active' && granted !== undefined && session.pending !== undefined) {
              router.send({ type: 'session.authenticated', session, grant: granted });
            }
          },
          authenticate: () => this.#authenticate(session),
          established: (name, features, grant) => {
            const fields = {
              session: id,
              name: peerText(name),
              transport,
              remoteAddress,
              features,
              ...(grant && identityOf(grant)),
            };
            this.#input.logger.info(fields, 'session opened');
            granted = grant;
            this.#established(id, { name, grant });
            this.#silence.watch(session);
            if (grant !== undefined) stopWatching = this.#watch(grant, session);
            this.#scope.emit({ type: 'session.established', id, name, transport, remoteAddress });
          },
          closing(error, reason) {
            router.send({ type: 'session.closing', session, error, reason });
          },
          overdue(event) {
            overdue?.clear();
            overdue = judgeAfterInput(clock, () => {
              actor.send(event);
            });
          },
          destroy() {
            connection.destroy();
          },
        },
      },
    });
    // Every tick of a busy socket drains it. The router needs this only for congested sessions.
    const drained = connection.drained$.subscribe(() => {
      if (session.phase === 'congested') router.send({ type: 'session.drained', session });
    });
    // While sessions exist, stalls of the process are detected, because the deadlines of their machines depend on that.
    if (this.#entries.size === 0) this.#stopWatching = logClock(clock, this.#input.logger);
    const entry: Entry = {
      actor,
      session,
      connection,
      place: placeOfConnection(connection),
      admitted: refusal === undefined,
      wasEstablished: false,
      tokenId: undefined,
      release: () => {
        drained.unsubscribe();
        stopWatching();
        overdue?.clear();
      },
    };
    this.#entries.set(id, entry);
    this.#unestablished.set(connection, entry);
    actor.start();
    router.send({ type: 'session.opened', session });
    actor.send(
      refusal === undefined ? { type: 'connection.admitted' } : { type: 'connection.refused', error: refusal },
    );
    this.#input.attach(session, connection);
    this.#planSweep();
  }

  #established(id: string, client: ClientIdentity): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.wasEstablished = true;
    this.#unestablished.delete(entry.connection);
    this.#admission.established(entry.connection);
    this.#holders.start();
    this.#holders.joined(client);
  }

  /** Ends a session without a HELLO for a waiting connection. A pending token check is not the fault of its peer. */
  readonly #cutShort = (connection: Connection, ageSeconds: number, reason: string): boolean => {
    const entry = this.#unestablished.get(connection);
    if (entry?.session.phase !== 'awaitingHello') return false;
    const text = `no HELLO within ${ageSeconds} s: ${reason}`;
    entry.actor.send({ type: 'hello.refused', error: new ClaspError(ErrorCode.Timeout, text) });
    return true;
  };

  /** Its place is free at once. A peer that does not read its close message would occupy it for the drain time. */
  readonly #displace = (session: RouterSession, text: string): void => {
    const entry = this.#entries.get(session.id);
    if (entry?.admitted !== true) return;
    entry.admitted = false;
    this.#admission.leave(entry.connection);
    entry.actor.send({ type: 'end.budgetExceeded', error: new ClaspError(ErrorCode.Overloaded, text) });
  };

  /** @throws ClaspError with the reason for the peer: its token is refused, or has too many sessions */
  async #authenticate({ id, pending }: RouterSession): Promise<Grant> {
    const { authenticator, logger } = this.#input;
    if (authenticator === undefined) throw new ClaspError(ErrorCode.InternalError, 'Server misconfiguration');
    try {
      const grant = await authenticator.authenticate(pending?.hello.token ?? '');
      const entry = this.#entries.get(id);
      if (entry !== undefined) {
        this.#tokens.enter(grant.tokenId);
        entry.tokenId = grant.tokenId;
      }
      return grant;
    } catch (error) {
      if (error instanceof ClaspError) throw error;
      // Not the error itself: its texts come from an external authenticator and can contain anything.
      logger.error({ session: id, fault: nameOf(error) }, 'internal error while looking at a token');
      throw new ClaspError(ErrorCode.InternalError, 'Internal error');
    }
  }

  /** Ends the session when its token is no longer valid, and its scheduled work at once. */
  #watch(grant: Grant, session: RouterSession): () => void {
    const { authenticator, clock } = this.#input;
    if (authenticator === undefined) return () => undefined;
    return watchGrant(grant, authenticator, clock, (error) => {
      session.permissions = noPermissions();
      session.notify({ type: 'end.grantEnded', error });
    });
  }

  #forget(id: string, departure: SessionEnd['kind']): Entry | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    this.#silence.release(entry.session);
    this.#unestablished.delete(entry.connection);
    if (entry.admitted) this.#admission.leave(entry.connection);
    if (entry.tokenId !== undefined) this.#tokens.leave(entry.tokenId);
    entry.release();
    this.#input.router.send({ type: 'session.closed', session: entry.session, departure });
    // Without sessions, nothing needs to be watched.
    if (this.#entries.size === 0) {
      this.#sweepDeadline?.clear();
      this.#sweepDeadline = undefined;
      this.#probes.stop();
      this.#holders.stop();
      this.#stopWatching();
    }
    return entry;
  }

  #report(entry: Entry, end: SessionEnd): void {
    if (isAuthFailure(end)) this.#authFailures++;
    this.#input.logger.info(
      { ...described(entry), reason: end.kind, text: peerText(end.text, SENTENCE_CHARACTERS) },
      'session ended',
    );
    const { session, wasEstablished } = entry;
    this.#scope.emit({ type: 'session.ended', id: session.id, name: session.name, wasEstablished, end });
  }

  #reportDrained(): void {
    if (!this.#draining || this.#drained || this.#entries.size > 0) return;
    this.#drained = true;
    this.#input.drained();
  }

  /** One timer for all sessions while any exist: a timer per session would be restarted with each message. */
  #planSweep(): void {
    const { clock, sessionTimeoutMs } = this.#input;
    if (sessionTimeoutMs === 0 || this.#sweepDeadline !== undefined || this.#entries.size === 0) return;
    const sweepDue = (): void => {
      this.#scope.self.send({ type: 'idle.sweepDue' });
    };
    this.#sweepDeadline = setPeerDeadline(clock, sweepDue, Math.max(sessionTimeoutMs / 4, MIN_SWEEP_MS));
  }
}

const MIN_SWEEP_MS = 1_000;

function shuttingDown(): ClaspError {
  return new ClaspError(ErrorCode.ServiceUnavailable, 'The router is shutting down');
}

function described({ session, connection }: Entry): object {
  return {
    session: session.id,
    name: peerText(session.name),
    transport: connection.transport,
    remoteAddress: connection.remoteAddress,
  };
}

/** The subject of a token, for a log line. */
function identityOf({ subject, tokenId }: Grant): object {
  return { subject: subject === undefined ? undefined : peerText(subject), tokenId: peerText(tokenId) };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function isAuthFailure({ kind, error }: SessionEnd): boolean {
  return kind === 'helloRefused' && (error?.code === ErrorCode.Unauthorized || error?.code === ErrorCode.TokenExpired);
}
