import { AdmissionQueue } from '../../util/admission/admission-queue.js';
import { HalfOpen } from '../../util/admission/half-open.js';
import type { Clock } from '../../util/clock.js';
import { placeOfConnection } from '../../util/client-prefix.js';
import type { Connection } from '../../transports/transport.js';
import { SessionLimits, type SessionLimitOptions, type SessionLimitsOptions } from './session-limits.js';

export interface SessionAdmissionOptions extends SessionLimitOptions, SessionLimitsOptions {
  /** Milliseconds a peer may take to say HELLO. */
  readonly helloTimeoutMs: number;
  readonly clock: Clock;
  /** Gives a session to a connection. */
  readonly admit: (connection: Connection) => void;
  /** Refuses a connection; `text` is for its peer. */
  readonly refuse: (connection: Connection, text: string) => void;
  /** As `HalfOpenOptions.cutOff`. */
  readonly cutOff: (connection: Connection, ageSeconds: number, reason: string) => boolean;
  /** Called when it is time for {@link SessionAdmission.look}. */
  readonly onDue: () => void;
}

/** Connections that may wait for a limit, some 10 KB each, and for how long: clients give a router 10 s. */
const MAX_WAITING = 1_024;
export const MAX_WAIT_MS = 8_000;

/** Decides which connections get a session, and when. A connection that waits is not read. */
export class SessionAdmission {
  readonly #limits: SessionLimits;
  readonly #halfOpen: HalfOpen<Connection>;
  readonly #queue: AdmissionQueue<Connection>;

  constructor(options: SessionAdmissionOptions) {
    const { helloTimeoutMs, clock, admit, refuse, cutOff, onDue } = options;
    this.#limits = new SessionLimits(options);
    this.#halfOpen = new HalfOpen<Connection>({
      ...options,
      handshakeMs: helloTimeoutMs,
      describe: (scope, _, limit) =>
        `Too many sessions ${scope === 'place' ? 'from one address ' : ''}without a HELLO: the limit is ${limit}`,
      cutOff,
    });
    this.#queue = new AdmissionQueue<Connection>({
      gates: [this.#limits, this.#halfOpen],
      maxWaiting: MAX_WAITING,
      maxWaitingPerAddress: 0,
      maxWaitMs: MAX_WAIT_MS,
      ...{ clock, admit, refuse, onDue },
    });
  }

  /** Connections that were admitted and have not left. */
  get sessions(): number {
    return this.#limits.sessions;
  }

  /** A new connection: it is admitted, waits or is refused. */
  arrive(connection: Connection): void {
    this.#queue.arrive(connection, placeOfConnection(connection));
  }

  /** Admits what can be admitted by now, and refuses what has waited too long. */
  look(): void {
    this.#queue.look();
  }

  /** An admitted connection has said HELLO. */
  established(connection: Connection): void {
    this.#halfOpen.leave(connection);
  }

  /** An admitted connection has ended. */
  leave(connection: Connection): void {
    this.#limits.leave(placeOfConnection(connection));
    this.#halfOpen.leave(connection);
  }

  /** Ends all waiting. @returns the connections that waited; they are neither admitted nor refused */
  clear(): readonly Connection[] {
    return this.#queue.clear();
  }
}
