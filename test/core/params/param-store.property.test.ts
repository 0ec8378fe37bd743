import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ParamStore } from '../../../src/core/params/param-store.js';
import { parseAddress } from '../../../src/protocol/address.js';
import { matchPattern, parsePattern } from '../../../src/protocol/pattern.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';

const segment = fc.constantFrom('a', 'b', 'ab', 'abc', 'x');
const address = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.constantFrom('a', 'b', ''))
  .map(([segments, last]) => parseAddress(`/${[...segments, last].join('/')}`));
const pattern = fc
  .array(fc.oneof(segment, fc.constantFrom('*', '**', 'a*', '*b')), { minLength: 1, maxLength: 5 })
  .map((segments) => parsePattern(`/${segments.join('/')}`));

const unlimited = {
  maxParams: 0,
  maxParamBytes: 0,
  eviction: 'lru',
  paramTtlSeconds: 0,
  maxLockSeconds: 0,
  historyRules: [],
} as const;

describe('ParamStore', () => {
  it('finds by its tree exactly what a full scan finds, each param once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(address, { maxLength: 40 }), pattern, (addresses, wanted) => {
        const store = new ParamStore(unlimited);
        for (const one of addresses) store.create(one, undefined, 0).write(encodeValue(one), 'w', 0);
        const found = [...store.matching(wanted)].flatMap((param) => param?.address ?? []); // without unmatched ones
        expect([...found].sort()).toEqual(addresses.filter((one) => matchPattern(wanted, one)).sort());
      }),
      { numRuns: 500 },
    );
  });

  it('returns the value last written, whatever was stored before', () => {
    const value = fc.oneof(
      fc.string({ maxLength: 400 }),
      fc.double(),
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), (values) => {
        const param = new ParamStore(unlimited).create(parseAddress('/a'), undefined, 0);
        for (const [i, one] of values.entries()) {
          param.write(encodeValue(one), `writer ${i}`, i);
          expect(Object.is(param.value.decode(), one)).toBe(true);
        }
        expect(param).toMatchObject({ revision: values.length, writer: `writer ${values.length - 1}` });
      }),
    );
  });
});
