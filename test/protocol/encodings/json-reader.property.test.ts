import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readJson } from '../../../src/protocol/encodings/json-reader.js';
import { DecodeError } from '../../../src/protocol/errors.js';

/** Strings that resemble JSON: valid JSON with white space, and JSON with a few changed characters. */
const piece = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\"',
    '\\u00e9',
    '\\ud800',
    '\\x',
    '\u0000',
    '\u001f',
    '\u007f',
    '\ufeff',
    '\u00a0',
  ],
  ...[
    '0',
    '-',
    '-0',
    '01',
    '1.',
    '.5',
    '1.5',
    '+1',
    '1e5',
    '1E+05',
    '1e',
    '1e-',
    '123456789012345',
    '0x1',
    'NaN',
    'Infinity',
  ],
  ...[
    'true',
    'false',
    'null',
    'tru',
    'nulll',
    'True',
    '//',
    '/**/',
    "'",
    '\n',
    '\t',
    '\r',
    ' ',
    '"__proto__":1',
    '"a":1,"a":2',
  ],
);
const spaced = fc.tuple(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t', '\r\n')).map(([value, space]) => {
  return JSON.stringify(value, undefined, typeof space === 'string' && space.startsWith('\r') ? 2 : space);
});
const changed = fc
  .tuple(spaced, piece, fc.nat(), fc.integer({ min: 0, max: 3 }))
  .map(([text, inserted, place, removed]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + inserted + text.slice(at + removed);
  });
const almostJson = fc.oneof(
  spaced,
  changed,
  fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
  fc.json(),
  fc.string(),
);

/** The output of JSON.parse with objects as maps, so that a key such as `__proto__` has no special meaning. */
function asMaps(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asMaps);
  if (typeof node !== 'object' || node === null) return node;
  const entries = node instanceof Map ? [...(node as ReadonlyMap<string, unknown>)] : Object.entries(node);
  return new Map(entries.map(([key, item]) => [key, asMaps(item)] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function parsed(text: string): unknown {
  try {
    return asMaps(JSON.parse(text));
  } catch {
    return 'no JSON';
  }
}

function read(text: string): unknown {
  try {
    return asMaps(readJson(text));
  } catch (error) {
    if (error instanceof DecodeError && error.message.startsWith('the text is not JSON')) return 'no JSON';
    throw error;
  }
}

describe('readJson', () => {
  it('agrees with JSON.parse on every text whose numbers fit a double', () => {
    fc.assert(
      fc.property(almostJson, (text) => {
        fc.pre(!/\d{16}|\d[eE][+-]?\d{3}/.test(text));
        expect(read(text)).toEqual(parsed(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it('reads every double as JSON.stringify writes it', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        const node = readJson(JSON.stringify(double));
        expect(Number(node)).toBe(double === 0 ? 0 : double);
        expect(typeof node).toBe(
          Number.isInteger(double) && !Number.isSafeInteger(double) && Math.abs(double) < 1e21 ? 'bigint' : 'number',
        );
      }),
      { numRuns: 5_000 },
    );
  });

  it('reads every 64-bit integer without rounding', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (int) => {
        const node = readJson(` ${int} `);
        expect(typeof node === 'bigint' || Number.isSafeInteger(node)).toBe(true);
        expect(BigInt(node as bigint | number)).toBe(int);
      }),
      { numRuns: 5_000 },
    );
  });

  it('records a repeated key', () => {
    expect(readJson('{"a":1,"b":2,"a":3}')).toMatchObject({ repeatedKey: 'a' });
    expect(readJson('{"a":1,"b":{"a":2}}')).toMatchObject({ repeatedKey: undefined });
  });

  it('accepts 213 nested containers, and no more, for any content after them', () => {
    expect(() => readJson('['.repeat(213) + ']'.repeat(213))).not.toThrow();
    for (const text of ['['.repeat(214), '{"a":'.repeat(214), '['.repeat(250_000)]) {
      expect(() => readJson(text)).toThrow(new DecodeError('DepthExceeded', 'containers nest deeper than 213 levels'));
    }
  });
});
