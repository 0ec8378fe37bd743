import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Qos } from '../../src/protocol/enumerations.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { arbitraryMessage, arbitraryU64, arbitraryValue, messageTypes } from '../support/arbitraries.js';
import { comparable } from '../support/comparable.js';
import { concat } from '../support/hex.js';

const arbitraryHeader = fc.record(
  { qos: fc.constantFrom(...Object.values(Qos)), timestamp: fc.option(arbitraryU64, { nil: undefined }) },
  { noNullPrototype: true },
);

describe('the compact binary form', () => {
  it.each(messageTypes)('round-trips every %s', (type) => {
    fc.assert(
      fc.property(arbitraryMessage({ binary: true, types: [type] }), arbitraryHeader, (message, header) => {
        const decoded = decodeFrame(encodeFrame(message, header));
        expect(comparable(decoded)).toEqual(comparable({ ...header, message, encoding: 'binary' }));
      }),
      { numRuns: 200 },
    );
  });

  it('re-encodes a decoded message to the same bytes', () => {
    fc.assert(
      fc.property(arbitraryMessage({ binary: true }), arbitraryHeader, (message, header) => {
        const bytes = encodeFrame(message, header);
        expect(encodeFrame(decodeFrame(bytes).message, header)).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('omits only the fields that it cannot represent', () => {
    fc.assert(
      fc.property(arbitraryMessage({ types: ['hello', 'announce', 'publish', 'result'] }), (message) => {
        const { message: decoded } = decodeFrame(encodeFrame(message));
        expect(comparable(decoded)).toEqual(comparable(withoutBinaryGaps(message)));
      }),
      { numRuns: 500 },
    );
  });

  it('reads a frame at any offset, and nothing after its end', () => {
    fc.assert(
      fc.property(arbitraryMessage({ binary: true }), fc.uint8Array(), fc.uint8Array(), (message, before, after) => {
        const bytes = encodeFrame(message);
        const alone = comparable(decodeFrame(bytes));
        const start = before.length;
        expect(comparable(decodeFrame(concat([before, bytes, after]), start))).toEqual(alone);
        expect(comparable(decodeFrame(concat([before, bytes, after]), start, start + bytes.length))).toEqual(alone);
      }),
      { numRuns: 300 },
    );
  });

  it('builds the original value from its bytes', () => {
    fc.assert(
      fc.property(arbitraryValue({ maxDepth: 8 }), (value) => {
        const encoded = encodeValue(value);
        expect(comparable(encoded.decode())).toEqual(comparable(value));
        expect(comparable(encoded.copy().decode())).toEqual(comparable(value));
        expect(encodeValue(encoded.decode()).equals(encoded)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

/**
 * The message after a round trip in binary (wire.md 6.1, 6.3, 6.6, 6.15): unsupported fields are removed, defaults are
 * added.
 */
function withoutBinaryGaps(message: Message): Message {
  switch (message.type) {
    case 'hello':
      return { ...message, capabilities: undefined };
    case 'announce':
      return { ...message, meta: undefined };
    case 'publish': {
      const { signal = 'event', phase = 'start' } = message;
      return { ...message, signal, phase, timeline: undefined };
    }
    case 'result':
      return { ...message, signals: message.signals.map((signal) => ({ ...signal, meta: undefined })) };
    default:
      return message;
  }
}
