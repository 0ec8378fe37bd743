import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Owner } from '../../../src/core/quotas/owner.js';
import { SignalDirectory, type SignalDirectoryOptions } from '../../../src/core/announce/signal-directory.js';
import type { SignalDefinition } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { matchPattern, parsePattern } from '../../../src/protocol/pattern.js';
import { wholeSlice } from '../../support/whole-slice.js';

const segment = fc.oneof(fc.constantFrom('a', 'b', 'ab'), fc.constantFrom('*', '**', 'a*', '*b'));
const pattern = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map((segments) => parsePattern(`/${segments.join('/')}`));
const concrete = fc.constantFrom('/a', '/a/b', '/ab', '/ab/a/b', '/x', '/b/b');
const SECOND = 1_000_000;
const owner = new Owner('test');
const unlimited: SignalDirectoryOptions = {
  maxSignals: 0,
  maxSignalBytes: 0,
  signalTtlSeconds: 0,
  maxMatchSteps: 0,
  checkAnnounced: true,
};

describe('SignalDirectory', () => {
  it('agrees with an ordered list of announcements while definitions are added, renewed and expire', () => {
    const definition = fc.record({
      address: fc.oneof(concrete, pattern),
      type: fc.constantFrom<SignalDefinition['type']>('param', 'event'),
      datatype: fc.option(fc.constantFrom('f32', 'string'), { nil: undefined }),
    });
    const command = fc.oneof(
      fc.record({ kind: fc.constant('announce' as const), signals: fc.array(definition, { maxLength: 4 }) }),
      fc.record({ kind: fc.constant('wait' as const), seconds: fc.nat(6) }),
      fc.record({ kind: fc.constant('query' as const), pattern }),
      fc.record({ kind: fc.constant('describe' as const), address: concrete }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const directory = new SignalDirectory({ ...unlimited, signalTtlSeconds: 10 });
        let list: { readonly signal: SignalDefinition; readonly until: number }[] = [];
        let now = 0;
        for (const step of commands) {
          list = list.filter(({ until }) => until > now);
          switch (step.kind) {
            case 'announce':
              directory.announce(owner, step.signals, now);
              for (const signal of step.signals) {
                list = list.filter((one) => one.signal.address !== signal.address);
                list.push({ signal, until: now + 10 * SECOND });
              }
              directory.runDue(now, wholeSlice());
              expect(directory.size).toBe(list.length);
              break;
            case 'wait':
              now += step.seconds * SECOND;
              break;
            case 'query': {
              const expected = list
                .map(({ signal }) => signal)
                .filter((one) => matchPattern(step.pattern, one.address));
              expect(directory.matching(step.pattern, now)).toEqual(expected);
              break;
            }
            case 'describe': {
              const all = list.map(({ signal }) => signal);
              const own = all.find((one) => one.address === step.address);
              const first = all.find((one) => matchPattern(one.address, step.address));
              expect(directory.describing(step.address, now)).toEqual(own ?? first);
            }
          }
        }
        directory.runDue(now + 11 * SECOND, wholeSlice());
        expect([directory.size, directory.bytes]).toEqual([0, 0]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the bytes of announced signals', () => {
  const one = (address: string, description: string): SignalDefinition => ({
    address,
    type: 'param',
    meta: { description },
  });

  it('grow with every string, with the default and with the segments of the address', () => {
    const bytesOf = (signal: SignalDefinition): number => {
      const directory = new SignalDirectory(unlimited);
      directory.announce(owner, [signal], 0);
      return directory.bytes;
    };
    const least = bytesOf({ address: '/a', type: 'param' });
    const meta = { unit: 'dB', description: 'é' };
    expect(bytesOf({ address: '/a', type: 'param', datatype: 'f32', access: 'rw', meta })).toBe(least + 100 + 9);
    const value = encodeValue('x'.repeat(1_000));
    expect(bytesOf({ address: '/a', type: 'param', meta: { default: value } })).toBe(
      least + 100 + 250 + value.byteLength,
    );
    expect(bytesOf({ address: '/a/b', type: 'param' })).toBeGreaterThan(least + 70);
    expect(bytesOf({ address: '/*', type: 'param' })).toBeGreaterThan(least + 70); // in two indexes
  });

  it('are limited: definitions over the limit are refused entirely, and those that need no more bytes are always renewed', () => {
    const directory = new SignalDirectory({ ...unlimited, maxSignalBytes: 2_000 });
    directory.announce(owner, [one('/a', 'x'.repeat(1_000))], 0);
    const { bytes } = directory;
    const more = [one('/b', ''), one('/c', 'x'.repeat(1_000))];
    expect(() => {
      directory.announce(owner, more, 0);
    }).toThrow(
      expect.objectContaining({
        code: 400,
        message: `announced signals take ${bytes} bytes; 2764 more would pass the limit of 2000`,
      }),
    );
    expect([directory.size, directory.bytes]).toEqual([1, bytes]);
    directory.announce(owner, [one('/a', 'y'.repeat(1_000))], 0);
    expect(() => {
      directory.announce(owner, [one('/a', 'x'.repeat(2_000))], 0);
    }).toThrow(/ 1000 more would pass the limit of 2000$/);
    directory.announce(owner, [one('/a', 'x'.repeat(2_000)), one('/a', 'x')], 0); // only the later one is kept
    expect(directory.bytes).toBe(bytes - 999);
    directory.announce(owner, [one('/b', '')], 0);
  });
});
