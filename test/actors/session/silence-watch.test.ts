import { afterEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import type { RouterActorEvent } from '../../../src/actors/router/router-actor-events.js';
import { RouterSession } from '../../../src/core/session.js';
import type { SessionLink } from '../../../src/core/session-link.js';
import { SilenceWatch } from '../../../src/actors/session/silence-watch.js';
import { turns } from '../../support/inbox.js';

const releases: (() => void)[] = [];
afterEach(() => {
  for (const release of releases.splice(0)) release();
});

/** A session that is watched from 0 on. Its PINGs are answered while `answers` is true. */
class Peer {
  readonly session: RouterSession;
  answers: boolean;
  /** Seconds at which it got a PING. */
  readonly pings: number[] = [];
  /** Time in seconds and reason of its end. */
  end: readonly [number, string] | undefined;
  readonly #clock: SimulatedClock;

  constructor(clock: SimulatedClock, answers: boolean, link: Partial<SessionLink>) {
    this.#clock = clock;
    this.answers = answers;
    this.session = new RouterSession({
      id: 'session-1',
      link: {
        transport: 'tcp',
        remoteAddress: 'test',
        framing: 'length',
        encoding: undefined,
        pingIntervalMs: 30_000,
        bufferedBytes: 0,
        write: () => undefined,
        close: () => undefined,
        destroy: (text = '') => (this.end ??= [clock.now() / 1_000, text]),
        ...link,
      },
      notify: () => undefined,
      nowMicros: 0,
      maxQueueBytes: 1_000,
      maxQueueMessages: 1_000,
    });
    this.session.phase = 'active';
  }

  ping(): void {
    this.pings.push(this.#clock.now() / 1_000);
    if (!this.answers) return;
    this.session.answersPings = true;
    this.hear();
  }

  /** Records input from it. */
  hear(): void {
    this.session.lastReceivedMicros = this.#clock.now() * 1_000;
  }
}

function setUp(): {
  readonly clock: SimulatedClock;
  readonly watch: SilenceWatch;
  add(answers: boolean, link?: Partial<SessionLink>): Peer;
  /** Advances time, second by second. */
  pass(seconds: number, everySecond?: () => void): Promise<void>;
} {
  const clock = new SimulatedClock();
  const peers = new Map<RouterSession, Peer>();
  const router = {
    send: ({ session }: Extract<RouterActorEvent, { type: 'session.probing' }>) => peers.get(session)?.ping(),
  };
  const watch = new SilenceWatch(router, clock);
  return {
    clock,
    watch,
    add(answers, link = {}) {
      const peer = new Peer(clock, answers, link);
      peers.set(peer.session, peer);
      watch.watch(peer.session);
      releases.push(() => {
        watch.release(peer.session);
      });
      return peer;
    },
    async pass(seconds, everySecond = () => undefined) {
      for (let i = 0; i < seconds; i++) {
        clock.increment(1_000);
        everySecond();
        await turns(5);
      }
    },
  };
}

describe('a silent peer', () => {
  it('gets a PING if nothing was received for 30 s, and stays while it answers', async () => {
    const { add, pass } = setUp();
    const peer = add(true);
    await pass(600);
    expect(peer.end).toBeUndefined();
    expect(peer.pings.slice(0, 4)).toEqual([15, 45, 75, 105]); // the first one checks whether it answers at all
  });

  it('ends a peer that has answered a PING and no longer does within 90 s', async () => {
    const { add, pass } = setUp();
    const peer = add(true);
    await pass(46);
    peer.answers = false;
    await pass(90);
    expect(peer.end).toEqual([120, 'no answer to a PING, and nothing received for 75 s']);
    expect(peer.pings.slice(2)).toEqual([75, 90, 105]);
  });

  it.each([44, 46, 50, 59])('is lost within 90 s if its last input was received at %i s', async (heardAt) => {
    const { add, pass } = setUp();
    const peer = add(true);
    await pass(heardAt, () => {
      peer.hear();
    });
    peer.answers = false;
    await pass(90);
    expect(peer.end![0] - heardAt).toBeGreaterThanOrEqual(60);
    expect(peer.end![0] - heardAt).toBeLessThan(90);
  });

  it('keeps a peer that has never answered a PING: it can be an old client', async () => {
    const { add, pass } = setUp();
    const peer = add(false);
    await pass(600);
    expect(peer.end).toBeUndefined();
    expect(peer.pings.length).toBeGreaterThan(10);
  });

  it('is neither lost nor kept because of output to it', async () => {
    const { add, pass, clock } = setUp();
    const peer = add(true);
    await pass(20);
    peer.answers = false;
    await pass(90, () => (peer.session.lastActivityMicros = clock.now() * 1_000));
    expect(peer.end).toBeDefined();
  });

  it('is kept while it reads pending output, which its connection reports', async () => {
    const { add, pass } = setUp();
    const peer = add(true);
    await pass(20);
    peer.answers = false;
    for (let i = 0; i < 10; i++) {
      await pass(59);
      peer.hear();
    }
    expect(peer.end).toBeUndefined();
  });

  it('is not lost at once after a time without checks: its PING comes first', async () => {
    const { add, pass, clock } = setUp();
    const peer = add(true);
    await pass(20);
    clock.increment(600_000); // the process was stopped
    await pass(60);
    expect(peer.end).toBeUndefined();
    expect(peer.pings.length).toBeGreaterThan(1);
  });
});

describe('a peer that sends continuously', () => {
  it('is probed once, early, so that it is known whether it answers', async () => {
    const { add, pass } = setUp();
    const peer = add(true);
    await pass(600, () => {
      peer.hear();
    });
    expect(peer.pings).toEqual([15]);
  });
});

describe('the watch', () => {
  it('ignores sessions whose transport detects loss itself', async () => {
    const { add, pass } = setUp();
    const peer = add(false, { pingIntervalMs: undefined });
    await pass(600);
    expect([peer.pings, peer.end]).toEqual([[], undefined]);
  });

  it('checks as often as the transport with the shortest interval requires', async () => {
    const { add, pass } = setUp();
    const slow = add(false);
    await pass(1);
    const quick = add(false, { pingIntervalMs: 4_000 });
    await pass(60);
    expect(quick.pings[0]).toBe(3);
    expect(quick.pings[1]! - quick.pings[0]!).toBe(2);
    expect(slow.pings[1]).toBeGreaterThanOrEqual(30);
  });

  it('keeps no timer after the last session has been released', async () => {
    const { add, pass, watch, clock } = setUp();
    const peer = add(false);
    watch.release(peer.session);
    await pass(100);
    expect(peer.pings).toEqual([]);
    const { timeouts } = clock as unknown as { readonly timeouts: ReadonlyMap<number, unknown> }; // hidden by its types
    expect(timeouts.size).toBe(0);
  });
});
