import { describe, expect, it } from '@jest/globals';
import { BlockWriter } from '../../../src/journal/format/block-writer.js';
import type { StoredBlock } from '../../../src/journal/format/block-reader.js';
import { decodeRecords } from '../../../src/journal/format/decode-records.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { Random } from '../../support/mutate.mjs';

const TIME = 1_767_225_600_000_000;

function blockOf(payload: Uint8Array, entries: number, flags = 0): StoredBlock {
  const end = 140 + payload.length;
  return { type: 'block', number: 1, timeMicros: TIME, flags, entries, start: 100, end, payload };
}

const fromHex = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** NAME `/a`, NAME `s`. */
const names = '01 0200 2f61  01 0100 73';
const set = (type: string, length: string, value: string): string =>
  `${names} 21 ${type} 0000 0100 00000000 0100000000000000 ${length} ${value}`;

function samplePayload(): Uint8Array {
  const writer = new BlockWriter(1);
  writer.begin(1, TIME);
  const [a, b, session] = [writer.name('/a'), writer.name('/b/é'), writer.name('session')];
  const map = encodeValue(new Map([['x', [1n, 'y', new Uint8Array(3)]]]));
  writer.set(a, session, encodeValue(0.5), 1, TIME, { ttlSeconds: 5, expiresAtMicros: TIME });
  writer.set(b, session, map, 2n ** 64n - 1n, 5);
  writer.gone(a, 3, 'evicted', TIME);
  writer.signal({ address: '/a/*', type: 'param', meta: { range: [0, 1], default: map } });
  writer.publish(b, session, { type: 'publish', address: '/b/é', signal: 'stream', samples: [1, 2], rate: 5 }, TIME);
  writer.publish(a, session, { type: 'publish', address: '/a', signal: 'event', value: map, timestamp: TIME }, TIME);
  writer.note(new Map([['event', 'start']]));
  writer.gap(1, 2, 'error');
  return writer.finish(0).subarray(40);
}

describe('the records of a block', () => {
  it.each([
    ['a kind that is not assigned', '06', 'record kind 0x6 is not assigned'],
    ['a kind of recordings', '30 0000', 'record kind 0x30 is not assigned'],
    ['a name that exceeds the block', '01 0300 2f61', 'a record exceeds its block'],
    ['half a length', '01 03', 'a record exceeds its block'],
    ['a name of 1,025 bytes', `01 0104 ${'61'.repeat(1_025)}`, 'a name has 1025 bytes'],
    ['an unknown name', '02 01 0000 00000000 0100000000000000', 'name 0 is not in the block'],
    ['a name that is not UTF-8', '01 0100 ff 02 01 0000 00000000 0100000000000000', 'name 0 is not UTF-8'],
    ['reason 0', `${names} 02 00 0000 00000000 0100000000000000`, 'reason 0 is not assigned'],
    ['reason 4', `${names} 02 04 0000 00000000 0100000000000000`, 'reason 4 is not assigned'],
    ['a value of an unknown type', set('0c', '0000', ''), 'value type 0x0c is not assigned'],
    ['a narrow value', set('02', '0100', '05'), 'the bytes of a value are not canonical'],
    ['a value that ends early', set('07', '0400', '3fe00000'), 'the payload ends early'],
    ['bytes behind a value', set('01', '0200', '0101'), 'the bytes of a value are not canonical'],
    ['a ttl that exceeds the block', set('11', '0100', '01 0500'), 'a record exceeds its block'],
    ['an expiry that exceeds the block', set('41', '0100', '01 05000000'), 'a record exceeds its block'],
    ['a note that is no map', '04 0100 01', 'the item must be a map'],
    ['bytes behind a note', '04 0200 a0 00', '1 bytes follow a note'],
    ['a signal without an address', '03 0100 a0', 'signal definition needs its address'],
    ['two signal types', `${names} 20 02 0000 0100 00000000 0200 20 00`, 'the signal type of a PUBLISH differs'],
    ['bytes behind a PUBLISH', `${names} 20 01 0000 0100 00000000 0300 20 00 00`, '1 bytes follow a PUBLISH'],
    ['a later kind that exceeds the block', '80 02000000 00', 'a record exceeds its block'],
  ])('are malformed with %s', (_what, hex, fault) => {
    const decoded = decodeRecords(blockOf(fromHex(hex), 1));
    expect(decoded.records).toBeUndefined();
    expect(decoded.fault).toContain(fault);
  });

  it('are malformed if their number differs from that in the header', () => {
    const payload = fromHex(set('01', '0100', '01'));
    expect(decodeRecords(blockOf(payload, 1)).records).toHaveLength(1);
    expect(decodeRecords(blockOf(payload, 2)).fault).toBe('the block has 1 entries instead of 2');
  });

  it('are malformed if the block is deflated, which is of a later format', () => {
    expect(decodeRecords(blockOf(new Uint8Array(0), 0, 4)).fault).toContain('deflated');
  });

  it('are reported as malformed at their offset in the file', () => {
    expect(decodeRecords(blockOf(fromHex(`${names} 07`), 0))).toMatchObject({ at: 140 + 9 });
  });

  it.each(['80', 'ff'])('of the later kind 0x%s are skipped, and others are returned', (kind) => {
    const payload = fromHex(`${kind} 03000000 212121 ${set('01', '0100', '01')} ${kind} 00000000`);
    expect(decodeRecords(blockOf(payload, 3)).records).toMatchObject([{ type: 'set', address: '/a' }]);
  });

  it('are selected by address, and each address is asked for once', () => {
    const asked: string[] = [];
    const { records } = decodeRecords(blockOf(samplePayload(), 6), (address) => {
      asked.push(address);
      return address === '/a';
    });
    expect(asked).toEqual(['/a', '/b/é']);
    expect(records?.map(({ type }) => type)).toEqual(['set', 'gone', 'signal', 'publish', 'note', 'gap']);
  });

  it('never cause an exception, and have only valid values, whatever the bytes are', () => {
    const payload = samplePayload();
    const random = new Random(11);
    let malformed = 0;
    for (let round = 0; round < 2_000; round++) {
      const bytes = Buffer.from(payload);
      for (let changes = 1 + random.below(3); changes > 0; changes--) {
        bytes.writeUInt8(random.below(256), random.below(bytes.length));
      }
      const { records } = decodeRecords(
        blockOf(bytes.subarray(0, bytes.length - random.below(2) * random.below(40)), 6),
      );
      if (records === undefined) malformed++;
      for (const record of records ?? []) if (record.type === 'set') record.value.decode();
    }
    expect(malformed).toBeGreaterThan(500);
    expect(malformed).toBeLessThan(2_000);
  });
});
