import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ParamWatch, WatchedParam } from '../../../src/core/ports.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

/** Counts the calls for each address. */
class CountingWatch implements ParamWatch {
  generation = 1;
  readonly touched: string[] = [];

  touch(param: WatchedParam): void {
    param.stored = this.generation;
    this.touched.push(`${param.address} ${param.hasValue ? param.revision : 'new'}`);
  }

  take(): readonly string[] {
    return this.touched.splice(0);
  }
}

/**
 * A cut of all params at the instant of its begin, which is collected in pieces while writes go on: a param that changes
 * before its turn is copied first.
 */
class ConsistentCut implements ParamWatch {
  generation = 1;
  #walk: Iterator<WatchedParam> | undefined;
  #entries = new Map<string, unknown>();

  begin(walk: Iterator<WatchedParam>): void {
    this.generation++;
    this.#walk = walk;
    this.#entries = new Map();
  }

  touch(param: WatchedParam): void {
    this.#collect(param);
    param.stored = this.generation;
  }

  /** @returns the cut when it is complete */
  advance(count: number): ReadonlyMap<string, unknown> | undefined {
    for (let i = 0; i < count; i++) {
      const next = this.#walk?.next();
      if (next === undefined || next.done === true) {
        this.#walk = undefined;
        return this.#entries;
      }
      this.#collect(next.value);
    }
    return undefined;
  }

  /** A param that was created after the begin was touched then, without a value. */
  #collect(param: WatchedParam): void {
    if (this.#walk === undefined || param.based === this.generation || param.stored === this.generation) return;
    param.based = this.generation;
    if (param.hasValue && !param.isRemoved) this.#entries.set(param.address, shown(param));
  }
}

function shown(param: WatchedParam): unknown {
  const { value, revision, writer } = param.entry(0);
  return { value: value.decode(), revision, writer };
}

function stateOf({ core }: CoreHarness): ReadonlyMap<string, unknown> {
  return new Map([...core.watchedParams()].map((param) => [param.address, shown(param)]));
}

function write(peer: Peer, address: string, value: number, ttl?: number): void {
  peer.send({ type: 'set', address, value: encodeValue(value), ttl });
}

describe('a watch of params', () => {
  it('is called before the first change of each param in a generation', () => {
    const watch = new CountingWatch();
    const harness = new CoreHarness({ paramWatch: watch });
    const desk = harness.join();
    for (let i = 0; i < 3; i++) desk.set('/a', i);
    desk.set('/b', 1);
    expect(watch.take()).toEqual(['/a new', '/b new']);
    watch.generation++;
    for (let i = 0; i < 3; i++) desk.set('/a', i);
    expect(watch.take()).toEqual(['/a 3']);
  });

  it('is called before a removal, and before a GET that extends a time to live', () => {
    const watch = new CountingWatch();
    const harness = new CoreHarness({ paramWatch: watch });
    const desk = harness.join();
    write(desk, '/ttl', 1, 5);
    desk.set('/plain', 1);
    watch.generation++;
    watch.take();
    desk.send({ type: 'get', address: '/plain' });
    for (let i = 0; i < 3; i++) desk.send({ type: 'get', address: '/ttl' });
    expect(watch.take()).toEqual(['/ttl 1']);
    watch.generation++;
    harness.advance(6);
    expect(watch.take()).toEqual(['/ttl 1']);
  });

  it('is not called for the params of the router itself', () => {
    const watch = new CountingWatch();
    const harness = new CoreHarness({ paramWatch: watch });
    harness.join().subscribe(1, '/$clasp/**');
    harness.advance(3);
    expect(watch.take()).toEqual([]);
  });
});

describe('a cut that is collected while writes go on', () => {
  const address = fc.constantFrom('/a', '/b', '/c', '/d', '/e', '/f');
  const command = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), address, value: fc.nat(9) }) },
    fc.record({ kind: fc.constant('ttl' as const), address }),
    fc.record({ kind: fc.constant('wait' as const) }),
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), count: fc.nat(2) }) },
  );

  it('has all params of the instant of its begin, and nothing later', () => {
    fc.assert(
      fc.property(fc.array(command), fc.array(command, { maxLength: 60 }), (before, during) => {
        const cut = new ConsistentCut();
        const harness = new CoreHarness({ paramWatch: cut, maxParams: 5 });
        const desk = harness.join();
        const run = (one: typeof command extends fc.Arbitrary<infer T> ? T : never): void => {
          if (one.kind === 'set') write(desk, one.address, one.value);
          else if (one.kind === 'ttl') write(desk, one.address, 1, 1);
          else if (one.kind === 'wait') harness.advance(2);
        };
        for (const one of before) run(one);
        const expected = stateOf(harness);
        cut.begin(harness.core.watchedParams());
        let result: ReadonlyMap<string, unknown> | undefined;
        for (const one of during) {
          run(one);
          if (one.kind === 'advance') result ??= cut.advance(one.count);
        }
        result ??= cut.advance(Infinity);
        expect(new Map(result)).toEqual(new Map(expected));
      }),
      { numRuns: 500 },
    );
  });
});
