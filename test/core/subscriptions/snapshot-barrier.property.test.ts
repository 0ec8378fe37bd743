import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Message } from '../../../src/protocol/messages/message.js';
import { matchPattern, parsePattern } from '../../../src/protocol/pattern.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

const addresses = ['/a', '/a/b', '/a/b/c', '/x/1', '/x/2'];
const patterns = ['/**', '/a/**', '/a/*', '/x/*', '/a/b'];

/** The model of the correct state, short enough to verify by reading. */
class Model {
  readonly params = new Map<string, { value: bigint; revision: number }>();
  readonly #revisions = new Map<string, number>();
  readonly #holders = new Map<string, number>();
  readonly #ends = new Map<string, number>();

  /** Applies all or none, each after the preceding ones. */
  bundle(who: number, sets: readonly (Flags & { address: string; value: bigint })[], now: number): void {
    const holders = new Map(this.#holders);
    for (const { address, lock, unlock } of sets) {
      if ((holders.get(address) ?? who) !== who) return;
      if (unlock) holders.delete(address);
      if (lock) holders.set(address, who);
    }
    for (const set of sets) this.set(who, set.address, set.value, set, now);
  }

  set(who: number, address: string, value: bigint, { lock, unlock, ttl }: Flags, now: number): void {
    if ((this.#holders.get(address) ?? who) !== who) return; // another session’s lock
    const revision = (this.#revisions.get(address) ?? 0) + 1; // continues after expiry
    this.#revisions.set(address, revision);
    this.params.set(address, { value, revision });
    if (unlock) this.#holders.delete(address);
    if (lock) this.#holders.set(address, who);
    if (ttl > 0) this.#ends.set(address, now + ttl);
    else this.#ends.delete(address); // ttl 0 = never
  }

  expire(now: number): void {
    for (const [address, end] of this.#ends) {
      if (end > now) continue;
      for (const known of [this.params, this.#holders, this.#ends]) known.delete(address);
    }
  }
}

interface Flags {
  readonly lock: boolean;
  readonly unlock: boolean;
  /** Seconds from the write; 0 = never. */
  readonly ttl: number;
}

/** The state of one client, as an official client would derive it. */
class View {
  readonly known = new Map<string, { value: unknown; revision: number }>();

  take(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.type === 'set') this.#learn(message.address, message.value.decode(), Number(message.revision));
      if (message.type !== 'snapshot') continue;
      for (const param of message.params) this.#learn(param.address, param.value.decode(), Number(param.revision));
    }
  }

  #learn(address: string, value: unknown, revision: number): void {
    const before = this.known.get(address);
    // Never stale: later messages are never older than earlier ones.
    expect(revision).toBeGreaterThanOrEqual(before?.revision ?? 0);
    if (before?.revision === revision) expect(value).toBe(before.value);
    this.known.set(address, { value, revision });
  }
}

const flags = {
  address: fc.constantFrom(...addresses),
  lock: fc.boolean(),
  unlock: fc.boolean(),
  ttl: fc.nat(3),
};

/** The state of a client, and its requested rate. */
interface Held {
  readonly pattern: string;
  readonly maxRate: number | undefined;
  readonly epsilon: number | undefined;
}

const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('set' as const), who: fc.nat(2), ...flags }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('bundle' as const),
      who: fc.nat(2),
      sets: fc.array(fc.record(flags), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.nat(2), tidy: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      who: fc.nat(2),
      id: fc.nat(2),
      pattern: fc.constantFrom(...patterns),
      maxRate: fc.option(fc.constantFrom(1, 3), { nil: undefined }),
      epsilon: fc.option(fc.constantFrom(2, 5), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unsubscribe' as const), who: fc.nat(2), id: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('get' as const), who: fc.nat(2), address: fc.constantFrom(...addresses) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('congest' as const), who: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drain' as const), who: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tick' as const) }) },
);

describe('a snapshot is a barrier', () => {
  it('nothing is lost or stale between it and live updates, with any order of writers and subscribers', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const harness = new CoreHarness();
        const model = new Model();
        const clients = Array.from({ length: 3 }, () => ({
          peer: harness.join(),
          view: new View(),
          held: new Map<number, Held>(),
        }));
        let counter = 0n;
        let now = 0;
        for (const step of commands) {
          const client = 'who' in step ? clients[step.who]! : undefined;
          if (step.kind === 'set') {
            const { who, address, lock, unlock, ttl } = step;
            const value = encodeValue(++counter);
            client!.peer.send({ type: 'set', address, value, lock, unlock, ttl, absolute: true });
            model.set(who, address, counter, step, now);
          } else if (step.kind === 'bundle') {
            const sets = step.sets.map((set) => ({ ...set, value: ++counter }));
            const messages = sets.map(({ address, value, lock, unlock, ttl }) => {
              return { type: 'set', address, value: encodeValue(value), lock, unlock, ttl, absolute: true } as const;
            });
            client!.peer.send({ type: 'bundle', messages });
            model.bundle(step.who, sets, now);
          } else if (step.kind === 'wait') {
            now += step.seconds;
            harness.nowMicros += step.seconds * 1_000_000;
            if (step.tidy) harness.core.runDue(); // optional: expired params are invisible without it
            model.expire(now);
          } else if (step.kind === 'subscribe') {
            const { id, pattern, maxRate, epsilon } = step;
            client!.peer.subscribe(id, pattern, { maxRate, epsilon });
            client!.held.set(id, { pattern, maxRate, epsilon });
          } else if (step.kind === 'unsubscribe') {
            client!.peer.send({ type: 'unsubscribe', id: step.id });
            client!.held.delete(step.id);
          } else if (step.kind === 'get') {
            client!.peer.send({ type: 'get', address: step.address });
          } else if (step.kind === 'congest') {
            congest(client!.peer, client!.view);
          } else if (step.kind === 'drain') {
            drain(harness, client!.peer, client!.view);
          } else {
            harness.core.advanceTasks();
          }
        }
        harness.advance(1); // longer than any interval
        model.expire(now + 1);
        for (const { peer, view } of clients) drain(harness, peer, view);
        harness.settle();
        for (const { peer, view, held } of clients) {
          view.take(peer.read());
          for (const [address, truth] of model.params) {
            const matching = [...held.values()].filter(({ pattern }) => matchPattern(parsePattern(pattern), address));
            if (matching.length === 0) continue;
            // Complete: every subscriber of an address finally has its last value, or one within epsilon of it.
            const epsilon = Math.min(...matching.map((one) => one.epsilon ?? 0));
            const known = view.known.get(address);
            if (epsilon === 0) expect(known).toEqual(truth);
            else expect(Math.abs(Number(known?.value) - Number(truth.value))).toBeLessThan(epsilon);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('is complete for a late joiner of 10,000 params that are written while it is sent', () => {
    const harness = new CoreHarness();
    const writer = harness.join();
    for (let i = 0; i < 10_000; i++) writer.set(`/p/${i}`, 0n, { qos: 0 });
    const late = harness.connect();
    late.send({ type: 'hello', version: 1, name: 'late', features: [] });
    late.subscribe(1, '/p/**');
    const view = new View();
    let ticks = 0;
    for (let i = 0; harness.core.advanceTasks(); i++) {
      ticks++;
      writer.set(`/p/${(i * 37) % 10_000}`, BigInt(i + 1), { qos: 0 });
      view.take(late.read());
    }
    view.take(late.read());
    expect(ticks).toBeGreaterThan(2); // not all in one turn of the event loop
    expect(view.known.size).toBe(10_000);
    const truth = harness.join();
    truth.subscribe(1, '/p/**');
    harness.settle();
    const now = new View();
    now.take(truth.read());
    expect(view.known).toEqual(now.known);
  });
});

function congest(peer: Peer, view: View): void {
  view.take(peer.read()); // the contents of the socket come first
  if (peer.session.phase === 'active') peer.session.phase = 'congested';
}

function drain({ core }: CoreHarness, peer: Peer, view: View): void {
  view.take(peer.read());
  view.take(peer.readBacklog());
  if (peer.session.phase !== 'congested') return;
  peer.session.phase = 'active';
  core.resume(peer.session);
}
