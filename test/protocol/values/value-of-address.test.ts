import { describe, expect, it } from '@jest/globals';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import type { PublishMessage, SetMessage } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';

/** A decoded SET, with address and value adjacent in the frame. */
function received(address: string, value: Parameters<typeof encodeValue>[0]): SetMessage {
  const { message } = decodeFrame(encodeFrame({ type: 'set', address, value: encodeValue(value) }));
  return message as SetMessage;
}

const plain = (address: string, value: Parameters<typeof encodeValue>[0]): Uint8Array =>
  encodeFrame({ type: 'set', address, value: encodeValue(value), revision: 7 });

describe('a forwarded SET', () => {
  it.each([
    ['/a', 0.5],
    ['/lights/3/dim', 1n],
    ['/ünïcode/🎛', 'text'],
    ['/x', null],
    ['/long/'.padEnd(300, 'x'), new Map([['k', [true, Uint8Array.of(1)]]])],
  ])('has the same bytes as a newly written one: %s', (address, value) => {
    expect(encodeFrame({ ...received(address, value), revision: 7 })).toEqual(plain(address, value));
  });

  it('is written again if its value or address was replaced', () => {
    const message = received('/a', 0.5);
    expect(encodeFrame({ ...message, value: encodeValue(2), revision: 7 })).toEqual(plain('/a', 2));
    expect(encodeFrame({ ...message, address: '/bb', revision: 7 })).toEqual(plain('/bb', 0.5));
    expect(encodeFrame({ ...message, value: message.value.copy(), revision: 7 })).toEqual(plain('/a', 0.5));
  });

  it('shares no cached form with a PUBLISH made from it, and vice versa', () => {
    const { address, value } = received('/a', 0.5);
    const event = { type: 'publish', signal: 'event', address, value } as const;
    const anew = encodeFrame({ ...event, value: encodeValue(0.5) });
    expect(encodeFrame(event)).toEqual(anew);
    const { message } = decodeFrame(anew);
    expect(encodeFrame(message)).toEqual(anew);
    const published = (message as PublishMessage).value!;
    expect(encodeFrame({ type: 'set', address, value: published, revision: 7 })).toEqual(plain('/a', 0.5));
  });

  it('is written again if its value was not canonical', () => {
    // SET /a with an Int8 of 5, which becomes an Int64
    const frame = Uint8Array.from([0x53, 0x41, 0, 7, 0x21, 0x02, 0, 2, 0x2f, 0x61, 5]);
    const { message } = decodeFrame(frame);
    expect(encodeFrame({ ...(message as SetMessage), revision: 7 })).toEqual(plain('/a', 5n));
  });
});
