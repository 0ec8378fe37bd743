import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { printable } from '../../../src/util/printable-text.js';
import { parseValue, valueText } from '../../../src/cli/tool/value-notation.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { arbitraryValue } from '../../support/arbitraries.js';

describe('the notation of values', () => {
  it('brings every value back, byte for byte, out of what a terminal shows of it', () => {
    fc.assert(
      fc.property(arbitraryValue(), (value) => {
        const shown = printable(valueText(value));
        expect(shown).not.toMatch(/[\p{Cc}\p{Zl}]/u);
        expect(encodeValue(parseValue(shown)).equals(encodeValue(value))).toBe(true);
      }),
    );
  });
});
