import { AdmissionQueue } from '../../util/admission/admission-queue.js';
import { HalfOpen } from '../../util/admission/half-open.js';
import type { Clock } from '../../util/clock.js';
import { clientPrefixOf } from '../../util/client-prefix.js';
import type { Connection } from '../../transports/transport.js';
import { SessionLimits, type SessionLimitOptions, type SessionLimitsOptions } from './session-limits.js';

export interface SessionAdmissionOptions extends SessionLimitOptions, SessionLimitsOptions {
  /** Milliseconds within which a peer must send HELLO. */
  readonly helloTimeoutMs: number;
  readonly clock: Clock;
  /** Creates a session for a connection. */
  readonly admit: (connection: Connection) => void;
  /** Refuses a connection; `text` is sent to its peer. */
  readonly refuse: (connection: Connection, text: string) => void;
  /** As `HalfOpenOptions.cutOff`. */
  readonly cutOff: (connection: Connection, ageSeconds: number, reason: string) => boolean;
  /** Called when {@link SessionAdmission.look} is due. */
  readonly onDue: () => void;
}

/** Maximum waiting connections, about 10 KB each, and their maximum wait: clients wait 10 s for a router. */
const MAX_WAITING = 1_024;
export const MAX_WAIT_MS = 8_000;

/** Decides which connections get a session, and when. A waiting connection is not read. */
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

  /** Connections that were admitted and have not ended. */
  get sessions(): number {
    return this.#limits.sessions;
  }

  /** Admits a new connection, queues it, or refuses it. */
  arrive(connection: Connection): void {
    this.#queue.arrive(connection, clientPrefixOf(connection));
  }

  /** Admits the connections that limits permit now, and refuses those that have waited too long. */
  look(): void {
    this.#queue.look();
  }

  /** An admitted connection has sent HELLO. */
  established(connection: Connection): void {
    this.#halfOpen.leave(connection);
  }

  /** An admitted connection has ended. */
  leave(connection: Connection): void {
    this.#limits.leave(clientPrefixOf(connection));
    this.#halfOpen.leave(connection);
  }

  /** Removes all waiting connections. @returns them; they are neither admitted nor refused */
  clear(): readonly Connection[] {
    return this.#queue.clear();
  }
}
