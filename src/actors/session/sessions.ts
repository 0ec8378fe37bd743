import { randomUUID } from 'node:crypto';
import { ClockWatch } from '../../util/clock-watch.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { peerText, SENTENCE_CHARACTERS } from '../../util/printable-text.js';
import type { Connection } from '../../transports/transport.js';
import type { Grant } from '../../core/ports.js';
import type { RouterSession } from '../../core/session.js';
import { logClock } from './clock-log.js';
import { Displacement } from './displacement.js';
import { IdleSweep } from './idle-sweep.js';
import { LockHolderProbes } from './lock-holder-probes.js';
import { SessionAdmission } from './session-admission.js';
import { SessionDeadlines } from './session-deadlines.js';
import { SessionDriver, type SessionDriverHost } from './session-driver.js';
import { endWithError } from './session-end.js';
import type { SessionEnd } from '../../core/session-events.js';
import type { SessionHubInput, SessionHubScope } from './session-hub-types.js';
import { SessionLog } from './session-log.js';
import { SessionProbes } from './session-probes.js';
import { type SessionView, viewSession } from './session-view.js';
import { SilenceWatch } from './silence-watch.js';
import { TokenSessions } from './token-sessions.js';

/** All sessions of a hub, from the accepted connection to the last log line. */
export class Sessions {
  readonly #scope: SessionHubScope;
  readonly #input: SessionHubInput;
  readonly #newId: () => string;
  readonly #host: SessionDriverHost;
  readonly #deadlines: SessionDeadlines;
  readonly #log: SessionLog;
  readonly #drivers = new Map<string, SessionDriver>();
  /** Sessions without a HELLO. */
  readonly #unestablished = new Map<Connection, SessionDriver>();
  readonly #admission: SessionAdmission;
  readonly #probes: SessionProbes;
  readonly #displacement: Displacement;
  readonly #holders: LockHolderProbes;
  readonly #silence: SilenceWatch;
  readonly #idle: IdleSweep;
  #authFailures = 0;
  #draining = false;
  #drained = false;
  #stopWatching = (): void => undefined;

  constructor(scope: SessionHubScope, input: SessionHubInput) {
    this.#scope = scope;
    this.#input = input;
    this.#newId = input.newId ?? randomUUID;
    const { router, clock } = input;
    const sessions = (): Iterable<SessionDriver> => this.#drivers.values();
    const tokens = new TokenSessions(input.maxSessionsPerToken);
    this.#deadlines = new SessionDeadlines(clock);
    const deadlines = this.#deadlines;
    this.#log = new SessionLog(clock, input.logger);
    const log = this.#log;
    this.#host = { parent: scope.self, input, tokens, deadlines, log, established: this.#established };
    const release = (session: RouterSession, text: string): void => {
      // Through the connection, because the pipeline limits how many sessions end per turn of the event loop.
      session.link.destroy(text);
    };
    this.#probes = new SessionProbes({ router, clock, sessions, release });
    this.#displacement = new Displacement({ clock, sessions, displace: this.#displace });
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
    this.#idle = new IdleSweep({
      clock,
      sessionTimeoutMs: input.sessionTimeoutMs,
      sessions,
      onDue: () => {
        scope.self.send({ type: 'idle.sweepDue' });
      },
    });
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
    const driver = this.#drivers.get(id);
    if (driver === undefined) return;
    this.#forget(driver, end.kind);
    this.#report(driver, end);
    this.#reportDrained();
  }

  /** A session machine has thrown: an internal error, which ends only this session. */
  broke(id: string, error: unknown): void {
    const driver = this.#drivers.get(id);
    if (driver === undefined) return;
    this.#input.logger.error({ err: error, ...driver.describe() }, 'internal error in a session');
    driver.session.phase = 'closed'; // the machine cannot set it anymore
    driver.destroy();
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
    return Array.from(this.#drivers.values(), ({ actor, session }) => viewSession(session, actor, protocolAheadMicros));
  }

  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (const connection of this.#admission.clear()) this.#tryStart(connection, shuttingDown());
    for (const { actor } of this.#drivers.values()) actor.send({ type: 'end.routerDraining' });
    this.#reportDrained();
  }

  /** Ends idle sessions. */
  sweep(): void {
    this.#idle.sweep();
    if (this.#drivers.size > 0) this.#idle.plan();
  }

  /** The hub was stopped: destroys every connection, without close messages. */
  cutOff(): void {
    for (const connection of this.#admission.clear()) connection.destroy();
    for (const driver of this.#drivers.values()) {
      this.#scope.stopChild(driver.actor);
      driver.session.phase = 'closed';
      driver.destroy();
      this.#forget(driver, 'shutdown');
      this.#report(driver, { kind: 'shutdown', text: 'The router stopped before the session had ended' });
    }
  }

  reportFault(error: unknown, event: string): void {
    this.#input.logger.error({ err: error, event }, 'internal error in the session hub');
  }

  /** @param refusal why it is refused; undefined if it is admitted, in which case it must be counted already */
  #start(connection: Connection, refusal: ClaspError | undefined): void {
    const { clock, logger, attach } = this.#input;
    const id: unknown = this.#newId();
    if (typeof id !== 'string' || id === '') throw new Error('newId must return a string that is not empty');
    const driver = new SessionDriver(id, connection, refusal === undefined, this.#host);
    // While sessions exist, stalls of the process are detected, because the deadlines of their machines depend on that.
    if (this.#drivers.size === 0) this.#stopWatching = logClock(clock, logger);
    this.#drivers.set(id, driver);
    this.#unestablished.set(connection, driver);
    driver.open(refusal);
    attach(driver.session, connection);
    if (this.#drivers.size > 0) this.#idle.plan();
  }

  readonly #established = (driver: SessionDriver, name: string, grant: Grant | undefined): void => {
    const { session, connection } = driver;
    const { transport, remoteAddress } = connection;
    this.#unestablished.delete(connection);
    this.#admission.established(connection);
    this.#holders.start();
    this.#holders.joined({ name, grant });
    this.#silence.watch(session);
    this.#scope.emit({ type: 'session.established', id: session.id, name, transport, remoteAddress });
  };

  /** Ends a session without a HELLO for a waiting connection. A pending token check is not the fault of its peer. */
  readonly #cutShort = (connection: Connection, ageSeconds: number, reason: string): boolean => {
    const driver = this.#unestablished.get(connection);
    if (driver?.session.phase !== 'awaitingHello') return false;
    const text = `no HELLO within ${ageSeconds} s: ${reason}`;
    driver.actor.send({ type: 'hello.refused', error: new ClaspError(ErrorCode.Timeout, text) });
    return true;
  };

  /** Its place is free at once. A peer that does not read its close message would occupy it for the drain time. */
  readonly #displace = (session: RouterSession, text: string): void => {
    const driver = this.#drivers.get(session.id);
    if (driver?.isAdmitted !== true) return;
    driver.isAdmitted = false;
    this.#admission.leave(driver.connection);
    driver.actor.send({ type: 'end.budgetExceeded', error: new ClaspError(ErrorCode.Overloaded, text) });
  };

  #forget(driver: SessionDriver, departure: SessionEnd['kind']): void {
    const { session, connection } = driver;
    this.#drivers.delete(session.id);
    this.#silence.release(session);
    this.#unestablished.delete(connection);
    if (driver.isAdmitted) this.#admission.leave(connection);
    driver.release();
    this.#input.router.send({ type: 'session.closed', session, departure });
    if (this.#drivers.size > 0) return;
    // Without sessions, nothing needs to be watched.
    this.#deadlines.stop();
    this.#idle.stop();
    this.#probes.stop();
    this.#holders.stop();
    this.#stopWatching();
  }

  #report(driver: SessionDriver, end: SessionEnd): void {
    if (isAuthFailure(end)) this.#authFailures++;
    this.#log.ended(() => ({
      ...driver.describe(),
      reason: end.kind,
      text: peerText(end.text, SENTENCE_CHARACTERS),
    }));
    if (this.#drivers.size === 0) this.#log.finish();
    const { session, wasEstablished } = driver;
    this.#scope.emit({ type: 'session.ended', id: session.id, name: session.name, wasEstablished, end });
  }

  #reportDrained(): void {
    if (!this.#draining || this.#drained || this.#drivers.size > 0) return;
    this.#drained = true;
    this.#input.drained();
  }
}

function shuttingDown(): ClaspError {
  return new ClaspError(ErrorCode.ServiceUnavailable, 'The router is shutting down');
}

function isAuthFailure({ kind, error }: SessionEnd): boolean {
  return kind === 'helloRefused' && (error?.code === ErrorCode.Unauthorized || error?.code === ErrorCode.TokenExpired);
}
