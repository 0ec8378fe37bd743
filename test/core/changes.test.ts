import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InternalErrors } from '../../src/core/internal-errors.js';
import type { Change, ChangeLog } from '../../src/core/ports.js';
import type { SignalType } from '../../src/protocol/enumerations.js';
import { matchPattern, parsePattern } from '../../src/protocol/pattern.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { CoreHarness, plain, START_MICROS } from '../support/core-harness.js';

/** Keeps what it receives, as plain data, because values are valid only during the call. */
class KeptLog implements ChangeLog {
  readonly changes: unknown[] = [];
  readonly asked: string[] = [];
  batches = 0;
  readonly #pattern: string;
  readonly #types: readonly (SignalType | 'announced' | undefined)[] | undefined;

  constructor(pattern = '/**', types?: readonly (SignalType | 'announced' | undefined)[]) {
    this.#pattern = pattern;
    this.#types = types;
  }

  wants(address: string, type: SignalType | 'announced' | undefined): boolean {
    this.asked.push(`${String(type)} ${address}`);
    return matchPattern(parsePattern(this.#pattern), address) && (this.#types?.includes(type) ?? true);
  }

  append(changes: readonly Change[]): number {
    this.batches++;
    this.changes.push(...changes.map(shown));
    return this.changes.length;
  }

  onCommitted(): () => void {
    return () => undefined;
  }
}

function shown(change: Change): unknown {
  switch (change.type) {
    case 'set':
      return { ...change, value: change.value.decode(), writer: change.writer.name };
    case 'publish':
      return { ...change, message: plain([change.message])[0] as object, writer: change.writer?.name };
    case 'lock':
      return { ...change, holder: change.holder?.name };
    case 'bundleBegin':
    case 'bundleEnd':
      return { ...change, writer: change.writer.name };
    case 'announced':
    case 'forgotten':
    case 'removed':
      return change;
  }
}

function withLog(log: ChangeLog, options: ConstructorParameters<typeof CoreHarness>[0] = {}): CoreHarness {
  return new CoreHarness({ changeLogs: [log], ...options });
}

describe('the changes of a turn', () => {
  it('are in the order in which they were applied, and are appended once per turn', () => {
    const log = new KeptLog();
    const harness = withLog(log);
    const desk = harness.join('desk');
    desk.set('/a', 1);
    desk.publish('/go', 'event', 'now');
    desk.set('/a', 2);
    expect(log.batches).toBe(0);
    harness.core.takeDirty();
    harness.core.takeDirty();
    expect(log.batches).toBe(1);
    expect(log.changes).toMatchObject([
      { type: 'set', address: '/a', value: 1, revision: 1, writer: 'desk', atMicros: START_MICROS, ttlMicros: 0 },
      { type: 'publish', message: { address: '/go', signal: 'event', value: 'now' }, writer: 'desk' },
      { type: 'set', address: '/a', value: 2, revision: 2 },
    ]);
  });

  it('contain a SET as stored, after the conflict strategy, with its expiry', () => {
    const log = new KeptLog();
    const conflictRules = [{ pattern: parsePattern('/max'), strategy: 'max', merge: undefined } as const];
    const harness = withLog(log, { conflictRules });
    const desk = harness.join();
    for (const value of [5, 3, 7]) desk.set('/max', value);
    desk.send({ type: 'set', address: '/ttl', value: encodeValue(1), ttl: 2, absolute: true });
    harness.core.takeDirty();
    expect(log.changes).toMatchObject([
      { address: '/max', value: 5, revision: 1, expiresAtMicros: Infinity },
      { address: '/max', value: 7, revision: 2 },
      { ttlMicros: 2_000_000, ttlIsAbsolute: true, expiresAtMicros: START_MICROS + 2_000_000 },
    ]);
  });

  it('contain nothing of a refused message', () => {
    const log = new KeptLog();
    const harness = withLog(log);
    const desk = harness.join();
    desk.set('/a', 1, { revision: 9 }); // ignored for a new address
    desk.set('/a', 2, { revision: 9 });
    desk.set('no address', 3);
    desk.send({
      type: 'bundle',
      messages: [
        { type: 'set', address: '/b', value: encodeValue(1) },
        { type: 'set', address: '/a', value: encodeValue(1), revision: 9 },
      ],
    });
    harness.core.takeDirty();
    expect(log.changes).toMatchObject([{ type: 'set', address: '/a', value: 1 }]);
    expect(log.changes).toHaveLength(1);
  });

  it('enclose those of a bundle', () => {
    const log = new KeptLog('/b/**');
    const harness = withLog(log);
    const bundle = (...addresses: string[]): void => {
      desk.send({
        type: 'bundle',
        messages: addresses.map((address) => ({ type: 'set', address, value: encodeValue(1) })),
      });
    };
    const desk = harness.join('desk');
    bundle('/a', '/b/1', '/b/2');
    bundle('/a');
    desk.set('/b/3', 1);
    harness.core.takeDirty();
    expect(log.changes).toMatchObject([
      { type: 'bundleBegin', writer: 'desk' },
      { type: 'set', address: '/b/1' },
      { type: 'set', address: '/b/2' },
      { type: 'bundleEnd', writer: 'desk' },
      { type: 'set', address: '/b/3' },
    ]);
  });

  it('contain removals by expiry and eviction before the write that evicts', () => {
    const log = new KeptLog();
    const harness = withLog(log, { maxParams: 1 });
    const desk = harness.join();
    desk.set('/a', 1);
    desk.set('/b', 1);
    desk.send({ type: 'set', address: '/b', value: encodeValue(2), ttl: 1 });
    harness.advance(1.5);
    harness.core.takeDirty();
    expect(log.changes).toMatchObject([
      { type: 'set', address: '/a' },
      { type: 'removed', address: '/a', revision: 1, reason: 'evicted' },
      { type: 'set', address: '/b', revision: 1 },
      { type: 'set', address: '/b', revision: 2 },
      { type: 'removed', address: '/b', revision: 2, reason: 'expired', atMicros: START_MICROS + 1_500_000 },
    ]);
  });

  it('contain locks after the write that takes them, and their release with the session', () => {
    const log = new KeptLog();
    const harness = withLog(log);
    const desk = harness.join('desk');
    desk.send({ type: 'set', address: '/a', value: encodeValue(1), lock: true });
    desk.send({ type: 'set', address: '/b', value: encodeValue(1), lock: true });
    desk.send({ type: 'set', address: '/b', value: encodeValue(2), unlock: true });
    desk.leave();
    harness.settle();
    harness.core.takeDirty();
    expect(log.changes).toMatchObject([
      { type: 'set', address: '/a' },
      { type: 'lock', address: '/a', holder: 'desk' },
      { type: 'set', address: '/b' },
      { type: 'lock', address: '/b', holder: 'desk' },
      { type: 'set', address: '/b' },
      { type: 'lock', address: '/b', holder: undefined },
      { type: 'lock', address: '/a', holder: undefined },
    ]);
  });

  it('contain gestures as delivered: throttled, with the cancel of a lost sender', () => {
    const log = new KeptLog('/**', ['gesture']);
    const harness = withLog(log);
    const desk = harness.join('desk');
    const step = (phase: 'start' | 'move', value: number): void => {
      desk.publish('/pad', 'gesture', value, { id: 1, phase });
    };
    step('start', 0);
    for (const value of [1, 2, 3]) step('move', value);
    harness.advance(0.02);
    desk.leave('lost');
    harness.settle();
    harness.core.takeDirty();
    expect(log.changes).toMatchObject([
      { message: { phase: 'start', value: 0 }, writer: 'desk' },
      { message: { phase: 'move', value: 1 } },
      { message: { phase: 'move', value: 3 } },
      { message: { phase: 'cancel' }, writer: 'desk' },
    ]);
  });

  it('contain announced definitions and their removal', () => {
    const log = new KeptLog('/**', ['announced']);
    const harness = withLog(log, { signalTtlSeconds: 1 });
    const desk = harness.join();
    desk.send({ type: 'announce', namespace: '/a', signals: [{ address: '/a', type: 'param' }] });
    harness.advance(2);
    harness.core.takeDirty();
    expect(log.changes).toMatchObject([
      { type: 'announced', definition: { address: '/a', type: 'param' } },
      { type: 'forgotten', address: '/a' },
    ]);
  });

  it('are appended within a long turn, but never within a bundle', () => {
    const log = new KeptLog();
    const harness = withLog(log);
    const desk = harness.join();
    for (let i = 0; i < 5_000; i++) desk.set('/a', i);
    expect([log.batches, log.changes.length]).toEqual([1, 4_096]);
    const message = { type: 'set', address: '/b', value: encodeValue(1) } as const;
    desk.send({ type: 'bundle', messages: Array.from({ length: 6_000 }, () => message) });
    expect(log.batches).toBe(1);
    harness.core.takeDirty();
    expect(log.changes).toHaveLength(5_000 + 6_000 + 2);
  });
});

describe('a change log', () => {
  it('is asked once per address and type, and never about the addresses of the router', () => {
    const log = new KeptLog('/none');
    const harness = withLog(log);
    const desk = harness.join();
    desk.subscribe(1, '/$clasp/**');
    for (let i = 0; i < 3; i++) desk.set('/a', i);
    for (let i = 0; i < 3; i++) desk.publish('/a', 'event', i);
    harness.advance(2);
    harness.core.takeDirty();
    expect(log.asked).toEqual(['param /a', 'event /a']);
    expect(log.batches).toBe(0);
  });

  it('gets only what it wants, beside others', () => {
    const [first, second] = [new KeptLog('/a'), new KeptLog('/**', ['event'])];
    const harness = new CoreHarness({ changeLogs: [first, second] });
    const desk = harness.join();
    desk.set('/a', 1);
    desk.set('/b', 1);
    desk.publish('/a', 'event', 1);
    harness.core.takeDirty();
    expect(first.changes).toMatchObject([{ type: 'set' }, { type: 'publish' }]);
    expect(second.changes).toMatchObject([{ type: 'publish' }]);
  });

  it('that throws when it is asked gets nothing, and does not disturb a bundle', () => {
    const errors: unknown[] = [];
    const fault = new Error('rules');
    const broken: ChangeLog = {
      wants: () => {
        throw fault;
      },
      append: () => 0,
      onCommitted: () => () => undefined,
    };
    const kept = new KeptLog('/**');
    const harness = new CoreHarness({
      changeLogs: [broken, kept],
      internalErrors: new InternalErrors((error) => errors.push(error)),
    });
    const desk = harness.join();
    desk.send({ type: 'bundle', messages: [{ type: 'set', address: '/a', value: encodeValue(1) }] });
    desk.set('/b', 2);
    harness.core.takeDirty();
    expect(errors).toContain(fault);
    expect(kept.changes).toMatchObject(['bundleBegin', 'set', 'bundleEnd', 'set'].map((type) => ({ type })));
  });

  it('that throws loses its changes, and does not disturb the router', () => {
    const errors: unknown[] = [];
    const broken: ChangeLog = {
      wants: () => true,
      append: () => {
        throw new Error('disk');
      },
      onCommitted: () => () => undefined,
    };
    const harness = withLog(broken, {
      internalErrors: new InternalErrors((error) => errors.push(error)),
    });
    const desk = harness.join();
    desk.set('/a', 1);
    expect(desk.read()).toMatchObject([{ type: 'ack' }]);
    expect(errors).toEqual([new Error('disk')]);
  });
});

describe('all changes together', () => {
  const command = fc.oneof(
    fc.record({
      kind: fc.constant('set' as const),
      address: fc.constantFrom('/a', '/b', '/c', '/d'),
      value: fc.integer({ min: 0, max: 9 }),
      ttl: fc.option(fc.constantFrom(1, 3), { nil: undefined }),
      lock: fc.option(fc.constant(true as const), { nil: undefined }),
    }),
    fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(0.5, 2) }),
    fc.record({ kind: fc.constant('leave' as const) }),
  );

  it('rebuild the params of the router', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const log = new KeptLog();
        const harness = withLog(log, { maxParams: 3 });
        let desk = harness.join();
        for (const one of commands) {
          switch (one.kind) {
            case 'set':
              desk.send({ type: 'set', ...one, value: encodeValue(one.value) });
              break;
            case 'wait':
              harness.advance(one.seconds);
              break;
            case 'leave':
              desk.leave();
              harness.settle();
              desk = harness.join();
          }
        }
        const { params, gone } = harness.core.state();
        harness.core.takeDirty();
        const rebuilt = new Map<string, unknown>();
        const removed = new Map<string, number>();
        for (const change of log.changes as readonly { type: string; address: string; revision: number }[]) {
          if (change.type === 'set') {
            rebuilt.set(change.address, change.revision);
            removed.delete(change.address);
          } else if (change.type === 'removed') {
            rebuilt.delete(change.address);
            removed.set(change.address, change.revision);
          }
        }
        const now = (harness.nowMicros - START_MICROS) / 1e6;
        const present = new Map(params.map(({ address, revision }) => [address, revision]));
        for (const [address, revision] of present) expect([now, rebuilt.get(address)]).toEqual([now, revision]);
        expect(Object.fromEntries(removed)).toEqual(Object.fromEntries(gone));
      }),
      { numRuns: 300 },
    );
  });
});
