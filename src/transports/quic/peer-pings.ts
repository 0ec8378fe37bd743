import { type Clock, setBackgroundTimer } from '../../util/clock.js';
import { PROBE_LOOK_MS, PROBE_LOOKS } from './constants.js';
import type { QuicSession, QuicTraffic } from './provider.js';

export interface PeerPingsOptions {
  readonly session: QuicSession;
  readonly clock: Clock;
  /** Milliseconds between pings. 0 disables them; a probe still works. */
  readonly pingIntervalMs: number;
  /** Whether the connection is open. If not, no further ping is sent and nothing is reported. */
  readonly isOpen: () => boolean;
  /** Called when packets of the peer have arrived since the last check. */
  readonly received: () => void;
  /** Called before each regular ping. */
  readonly measured: (traffic: QuicTraffic | undefined) => void;
}

/**
 * QUIC PINGs of one connection: regular ones, which keep it alive while it is idle, and probes. The library does not
 * report the answers, so the peer's packets are counted.
 */
export class PeerPings {
  readonly #options: PeerPingsOptions;
  #packetsIn = 0;
  #pingTimer: unknown;
  /** Remaining checks for the answer to a probe. */
  #probeLooks = 0;
  #probeTimer: unknown;

  constructor(options: PeerPingsOptions) {
    this.#options = options;
    this.#plan();
  }

  /** Sends a PING and checks for packets of the peer during the next seconds. */
  probe(): void {
    const { session, clock } = this.#options;
    this.#packetsIn = session.traffic()?.packetsIn ?? this.#packetsIn; // earlier packets are not an answer
    session.ping();
    this.#probeLooks = PROBE_LOOKS;
    this.#probeTimer ??= setBackgroundTimer(clock, this.#lookForAnswer, PROBE_LOOK_MS);
  }

  /** Stops the timers. Can be called repeatedly. */
  stop(): void {
    for (const timer of [this.#pingTimer, this.#probeTimer]) this.#options.clock.clearTimeout(timer);
  }

  #plan(): void {
    const { clock, pingIntervalMs } = this.#options;
    if (pingIntervalMs > 0) this.#pingTimer = setBackgroundTimer(clock, this.#ping, pingIntervalMs);
  }

  /** The answer to the previous ping is a sign of life for the session. */
  readonly #ping = (): void => {
    const { session, isOpen, measured } = this.#options;
    measured(session.traffic());
    this.#reportPackets();
    if (!isOpen()) return;
    session.ping();
    this.#plan();
  };

  readonly #lookForAnswer = (): void => {
    const { clock, isOpen } = this.#options;
    this.#probeTimer = undefined;
    const isAnswered = this.#reportPackets();
    this.#probeLooks--;
    if (isAnswered || this.#probeLooks === 0 || !isOpen()) return;
    this.#probeTimer = setBackgroundTimer(clock, this.#lookForAnswer, PROBE_LOOK_MS);
  };

  /** Reports packets of the peer as a sign of life. @returns whether any arrived since the last check */
  #reportPackets(): boolean {
    const { session, isOpen, received } = this.#options;
    const { packetsIn = 0 } = session.traffic() ?? {};
    const hasReceived = packetsIn > this.#packetsIn;
    this.#packetsIn = packetsIn;
    if (hasReceived && isOpen()) received();
    return hasReceived;
  }
}
