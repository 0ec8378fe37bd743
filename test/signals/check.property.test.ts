import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { signalTypes } from '../../src/protocol/enumerations.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import type { Value } from '../../src/protocol/values/value.js';
import { defineSignals, type ValueSchema } from '../../src/signals/index.js';
import { arbitraryAddress, arbitraryInt, arbitraryValue } from '../support/arbitraries.js';
import { show } from './show.js';

/**
 * Returns a value in the form of JSON, with integers as numbers and bytes unchanged. Independent of the tested code.
 */
function asJson(value: Value, int: (value: bigint) => unknown): unknown {
  if (typeof value === 'bigint') return int(value);
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, Value>)].map(([key, item]) => [key, asJson(item, int)] as const);
    return Object.fromEntries(entries); // __proto__ is an ordinary key here
  }
  return Array.isArray(value) ? value.map((item: Value) => asJson(item, int)) : value;
}

const asNumber = (value: bigint): unknown => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

const schemas: readonly ValueSchema[] = [
  z.number(),
  z.number().min(0).max(1),
  z.int().min(-128).max(127),
  z.string().max(4),
  z.boolean().nullable(),
  z.array(z.number()).max(3),
  z.tuple([z.number(), z.string()]),
  z.record(z.string(), z.number()),
  z.object({ a: z.number().optional() }),
  z.strictObject({ '0': z.any() }),
  z.union([z.string(), z.array(z.any()).min(1)]),
  z.json(),
  z.instanceof(Uint8Array),
];

describe('check', () => {
  it('agrees with the schema for any value', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...schemas),
        fc.oneof(arbitraryValue(), fc.array(arbitraryValue({ maxDepth: 1 }))),
        (schema, sent) => {
          const value = encodeValue(sent).decode(); // the value as it arrives
          const reason = defineSignals({ '/a': { type: 'param', value: schema } }).check('/a', value, 'param');
          expect(reason === undefined).toBe(z.safeParse(schema, asJson(value, asNumber)).success);
          if (reason !== undefined) expect(reason).toMatch(/^Invalid value: /);
        },
      ),
    );
  });

  it('returns Ints unchanged to a schema of bigints', () => {
    const schema = z.array(z.union([z.bigint(), z.string()]));
    const signals = defineSignals({ '/a': { type: 'param', value: schema } });
    fc.assert(
      fc.property(fc.array(fc.oneof(arbitraryInt, arbitraryValue({ maxDepth: 0 }))), (value) => {
        const fits = value.every((one) => typeof one === 'bigint' || typeof one === 'string');
        expect(signals.check('/a', value, 'param') === undefined).toBe(fits);
      }),
    );
  });

  it('returns a result for any address, value and type', () => {
    const kinds = fc.constantFrom(...signalTypes);
    const anywhere = fc.oneof(
      arbitraryAddress,
      fc.constantFrom(...show.definitions.map(({ address }) => address.replace('*', '1'))),
    );
    fc.assert(
      fc.property(anywhere, fc.option(arbitraryValue(), { nil: undefined }), kinds, (address, value, type) => {
        const reason = show.check(address, value, type);
        if (reason !== undefined) expect(reason.length).toBeLessThan(250);
      }),
    );
  });
});
