import type { Grant } from '../../../src/core/ports.js';
import { RouterSession } from '../../../src/core/session.js';
import type { SessionLink } from '../../../src/core/session-link.js';
import { inputRead, SteadyClock } from '../../support/steady-clock.js';

/** Milliseconds of one step of {@link pass}: the shortest interval of the probes. */
const STEP_MS = 50;

/** A session, its probes, and whether its peer answers them. */
export interface ProbedPeer {
  readonly session: RouterSession;
  readonly place: string | undefined;
  /** Times of its probes, in seconds. */
  readonly probes: number[];
  answers: boolean;
}

/** Sessions that were established at time 0, and peers that answer at once or not at all. */
export class ProbedPeers {
  readonly clock = new SteadyClock();
  readonly all: ProbedPeer[] = [];

  add(options: Partial<Omit<ProbedPeer, 'session'>> & { readonly link?: Partial<SessionLink> } = {}): ProbedPeer {
    const { place, answers = false, link } = options;
    const { clock } = this;
    const session = new RouterSession({
      id: `s${this.all.length + 1}`,
      link: {
        transport: 'test',
        remoteAddress: 'test',
        framing: 'raw',
        encoding: undefined,
        bufferedBytes: 0,
        write: () => undefined,
        close: () => undefined,
        destroy: () => undefined,
        probe: () => {
          peer.probes.push(clock.now() / 1_000);
          if (peer.answers) hear(peer, clock);
        },
        ...link,
      },
      notify: () => undefined,
      nowMicros: clock.now() * 1_000,
      maxQueueBytes: 1_000,
      maxQueueMessages: 1_000,
    });
    session.phase = 'active';
    const peer: ProbedPeer = { session, place, probes: [], answers };
    this.all.push(peer);
    return peer;
  }

  /** Advances time in steps, with turns of the event loop in between. */
  async pass(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0; left -= STEP_MS) {
      this.clock.increment(Math.min(left, STEP_MS));
      await inputRead();
    }
  }
}

/** Records input from a peer at the current time. */
export function hear({ session }: ProbedPeer, clock: SteadyClock): void {
  session.lastReceivedMicros = clock.now() * 1_000 + 1; // after the probe of the same millisecond
}

/** Gives a session a lock. */
export function lock({ session }: ProbedPeer): void {
  session.holdings.locks = 1;
}

/** Makes it the session of a client with a token. */
export function identify({ session }: ProbedPeer, tokenId: string, name: string): void {
  const grant: Grant = { tokenId, subject: undefined, scopes: [], constraints: [], expiresAtSeconds: undefined };
  session.grant = grant;
  session.name = name;
}
