import fc from 'fast-check';
import { gapReasons, goneReasons, MAX_STORED_NAME_BYTES } from '../../src/journal/format/layout.js';
import type { StoredRecord } from '../../src/journal/format/records.js';
import { utf8Length } from '../../src/protocol/address.js';
import type { AnnounceMessage, PublishMessage } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import {
  arbitraryAddress,
  arbitraryKey,
  arbitraryMap,
  arbitraryMessage,
  arbitrarySafeU64,
  arbitraryText,
  arbitraryU32,
  arbitraryU64,
  arbitraryValue,
} from './arbitraries.js';
import type { TestBlock } from './store-file.js';

/** Random records and blocks that a writer stores without a loss. */

const fits = (text: string): boolean => utf8Length(text) <= MAX_STORED_NAME_BYTES;
const name = fc.oneof(arbitraryAddress, fc.constantFrom('', 'é'.repeat(512), 'x'.repeat(1024))).filter(fits);
const session = arbitraryText.filter(fits);
const publish = arbitraryMessage({ types: ['publish'], binary: true }) as fc.Arbitrary<PublishMessage>; // by its type
const announce = arbitraryMessage({ types: ['announce'] }) as fc.Arbitrary<AnnounceMessage>; // by its type

/** @param blockMicros time of the block: the times of its records are not earlier, except for SETs */
export function arbitraryRecord(blockMicros: number): fc.Arbitrary<StoredRecord> {
  const timeMicros = arbitraryU32.map((after) => blockMicros + after);
  return fc.oneof(
    fc.record(
      {
        type: fc.constant('set' as const),
        address: name,
        writer: session,
        value: arbitraryValue().map(encodeValue),
        revision: arbitraryU64,
        timeMicros: fc.oneof(timeMicros, arbitraryU64),
        ttlSeconds: arbitraryU32,
        isAbsolute: fc.boolean(),
        expiresAtMicros: fc.option(arbitraryU64, { nil: undefined }),
      },
      { noNullPrototype: true },
    ),
    fc.record({
      type: fc.constant('gone' as const),
      address: name,
      revision: arbitraryU64,
      reason: fc.constantFrom(...goneReasons),
      timeMicros,
    }),
    fc
      .record({ type: fc.constant('publish' as const), message: publish, writer: session, timeMicros })
      .map((record) => ({
        ...record,
        address: record.message.address,
      }))
      .filter(({ address }) => fits(address)),
    announce
      .filter(({ signals }) => signals.length > 0)
      .map(({ signals }) => ({ type: 'signal' as const, definition: signals[0]! })), // invariant: filtered
    fc.record({ type: fc.constant('note' as const), content: arbitraryMap(arbitraryKey, arbitraryValue()) }),
    fc.record({
      type: fc.constant('gap' as const),
      fromSeq: arbitraryU64,
      count: arbitraryU64,
      reason: fc.constantFrom(...gapReasons),
    }),
  );
}

export const arbitraryBlock: fc.Arbitrary<TestBlock> = fc
  .tuple(
    arbitrarySafeU64,
    fc.oneof(fc.constant(1_767_225_600_000_000), fc.integer({ min: 0, max: 2 ** 52 })),
    fc.integer({ min: 0, max: 3 }),
  )
  .chain(([number, timeMicros, flags]) =>
    fc.array(arbitraryRecord(timeMicros), { maxLength: 12 }).map((records) => ({ number, timeMicros, flags, records })),
  );
