import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { printable } from '../../../src/util/printable-text.js';
import { parseValue, valueText } from '../../../src/cli/tool/value-notation.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { arbitraryValue } from '../../support/arbitraries.js';

describe('the notation of values', () => {
  it('restores every value, byte for byte, from its printed text', () => {
    fc.assert(
      fc.property(arbitraryValue(), (value) => {
        const shown = printable(valueText(value));
        expect(shown).not.toMatch(/[\p{Cc}\p{Zl}]/u);
        expect(encodeValue(parseValue(shown)).equals(encodeValue(value))).toBe(true);
      }),
    );
  });
});
