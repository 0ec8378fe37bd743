import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { DirectParams } from '../../../src/core/direct/direct-params.js';
import { Lookahead } from '../../../src/core/direct/lookahead.js';
import { Param } from '../../../src/core/params/param.js';
import { parseAddress } from '../../../src/protocol/address.js';
import { encodeFrame } from '../../../src/protocol/frame.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';

/** Bytes from the length of an address to its end, in a frame without a timestamp. */
const ADDRESS_START = 6;

const setOf = (address: string): Uint8Array => encodeFrame({ type: 'set', address, value: encodeValue(1) });

function knownParams(addresses: readonly string[]): DirectParams {
  const known = new DirectParams();
  for (const [serial, address] of addresses.entries()) {
    const bytes = setOf(address);
    const end = ADDRESS_START + 2 + address.length;
    const param = new Param(parseAddress(address), serial, 0);
    known.add(new DataView(bytes.buffer, bytes.byteOffset), ADDRESS_START, end, param);
  }
  return known;
}

/** Returns the addresses of the params that are read. */
function reads(): string[] {
  const addresses: string[] = [];
  jest.spyOn(Param.prototype, 'readAhead').mockImplementation(function (this: Param) {
    addresses.push(this.address);
    return 0;
  });
  return addresses;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the lookahead', () => {
  it('reads the known params of the next 16 frames once', () => {
    const addresses = Array.from({ length: 20 }, (_, i) => `/a/${i}`);
    const event = encodeFrame({ type: 'publish', signal: 'event', address: '/a/0', value: encodeValue(1) });
    const frames = [setOf('/unknown'), event, ...addresses.map(setOf)];
    const run = Buffer.concat(frames);
    const lookahead = new Lookahead(knownParams(addresses), 20);
    const read = reads();
    let start = 0;
    for (const { length } of frames.slice(0, 16)) {
      lookahead.at(start, run, viewOf(run));
      expect(read).toEqual(addresses.slice(0, 14));
      start += length;
    }
    lookahead.at(start, run, viewOf(run));
    expect(read).toEqual(addresses);
    const other = Buffer.from(run);
    lookahead.at(0, other, viewOf(other));
    expect(read).toEqual([...addresses, ...addresses.slice(0, 14)]);
  });

  it('reads nothing while params are few', () => {
    const run = setOf('/a');
    const read = reads();
    new Lookahead(knownParams(['/a'])).at(0, run, viewOf(run));
    new Lookahead(knownParams(['/a']), 2).at(0, run, viewOf(run));
    expect(read).toEqual([]);
    new Lookahead(knownParams(['/a']), 1).at(0, run, viewOf(run));
    expect(read).toEqual(['/a']);
  });

  it('accepts any bytes', () => {
    const known = knownParams(['/a', '/b']);
    const frame = fc.oneof(
      fc.constantFrom('/a', '/b', '/c').map(setOf),
      fc.uint8Array({ maxLength: 20 }).map((body) => Uint8Array.of(0x53, 1, 0, body.length, 0x21, 7, ...body)),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), fc.nat(400), fc.nat(400), (frames, length, start) => {
        const run = Buffer.concat(frames).subarray(0, length);
        new Lookahead(known, 0).at(Math.min(start, run.length), run, viewOf(run));
      }),
      { numRuns: 1_000 },
    );
  });
});
