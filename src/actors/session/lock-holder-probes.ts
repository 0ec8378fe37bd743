import { type Clock, microseconds } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import type { RouterSession } from '../../core/session.js';
import { type ClientIdentity, isSameClient } from '../../core/writes/lock-takeover.js';
import { mustAnswer, type PingSender, probe, silentMicros, unansweredMicros } from './liveness.js';

export interface LockHolderProbesOptions {
  /** The router actor, which sends PINGs. */
  readonly router: PingSender;
  readonly clock: Clock;
  readonly sessions: () => Iterable<{ readonly session: RouterSession }>;
}

/** Milliseconds between two probes of a session that holds locks. */
export const HOLDER_PROBE_MS = 10_000;
/** Milliseconds within which it must answer, before a client with the same token and name can take over its locks. */
export const HOLDER_ANSWER_MS = 2_000;

/**
 * Probes the sessions that hold locks, so that a client that reconnects soon gets its own lock back
 * (`lock-takeover.ts`). It marks the sessions that do not answer, and ends none.
 */
export class LockHolderProbes {
  readonly #options: LockHolderProbesOptions;
  readonly #judging = new Set<PeerDeadline>();
  #round: PeerDeadline | undefined;

  constructor(options: LockHolderProbesOptions) {
    this.#options = options;
  }

  /** Starts to probe, every {@link HOLDER_PROBE_MS}. */
  start(): void {
    this.#round ??= setPeerDeadline(this.#options.clock, this.#onRound, HOLDER_PROBE_MS);
  }

  stop(): void {
    this.#round?.clear();
    this.#round = undefined;
    for (const deadline of this.#judging) deadline.clear();
    this.#judging.clear();
  }

  /** A client has a new session. If an earlier session of it holds locks, that one is probed at once. */
  joined(client: ClientIdentity): void {
    if (client.grant !== undefined) this.#probe((holder) => isSameClient(client, holder));
  }

  readonly #onRound = (): void => {
    this.#round = undefined;
    this.start();
    this.#probe(() => true);
  };

  #probe(isMeant: (holder: RouterSession) => boolean): void {
    const { clock, router, sessions } = this.#options;
    const nowMicros = microseconds(clock);
    const holders: RouterSession[] = [];
    for (const { session } of sessions()) {
      if (
        session.holdings.locks === 0 ||
        !session.established ||
        session.link.deliver !== undefined ||
        !isMeant(session)
      )
        continue;
      if (silentMicros(session, nowMicros) < HOLDER_ANSWER_MS * 1_000) continue;
      probe(session, router, nowMicros);
      holders.push(session);
    }
    if (holders.length === 0) return;
    const deadline = setPeerDeadline(
      clock,
      () => {
        this.#judging.delete(deadline);
        this.#judge(holders);
      },
      HOLDER_ANSWER_MS,
    );
    this.#judging.add(deadline);
  }

  #judge(holders: readonly RouterSession[]): void {
    const nowMicros = microseconds(this.#options.clock);
    for (const holder of holders) {
      if (!mustAnswer(holder) || unansweredMicros(holder, nowMicros) < HOLDER_ANSWER_MS * 1_000) continue;
      holder.ignoredProbeMicros = holder.probedMicros;
    }
  }
}
