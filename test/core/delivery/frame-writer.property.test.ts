import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameWriter } from '../../../src/core/delivery/frame-writer.js';
import { wireForm } from '../../../src/core/delivery/wire-form.js';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import { type Framing, framingLength, writeFraming } from '../../../src/protocol/framing.js';
import type { Message, PublishMessage, SetMessage } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { arbitraryMessage, arbitraryU64 } from '../../support/arbitraries.js';

const framings: readonly Framing[] = ['raw', 'length', 'websocket'];
const sets = arbitraryMessage({ types: ['set'] }) as fc.Arbitrary<SetMessage>;
const publishes = arbitraryMessage({ types: ['publish'] }) as fc.Arbitrary<PublishMessage>;

/** A message as received, with its original bytes. */
const received = <M extends Message>(message: M): M => decodeFrame(encodeFrame(message)).message as M;

/** The codec's frame with its transport framing. */
function framed(framing: Framing, message: Message): Uint8Array {
  const frame = encodeFrame(message);
  const ahead = framingLength(framing, frame.length);
  const bytes = new Uint8Array(ahead + frame.length);
  writeFraming(framing, bytes, 0, frame.length, false);
  bytes.set(frame, ahead);
  return bytes;
}

describe('a writer of binary frames', () => {
  const lanes = framings.map((framing) => ({ framing, lane: new FrameWriter(wireForm(framing, 'binary')) }));
  const expectWritten = (message: Message, write: (lane: FrameWriter) => void): void => {
    for (const { framing, lane } of lanes) {
      const { end, bytes } = lane;
      write(lane);
      expect(lane.bytes.slice(lane.start, lane.end)).toEqual(framed(framing, message));
      if (lane.bytes === bytes) expect(lane.start).toBe(end); // directly after the previous one
    }
  };

  it('writes any received SET as the codec does, with another revision', () => {
    fc.assert(
      fc.property(sets, arbitraryU64, (message, revision) => {
        const came = received(message);
        expectWritten({ ...message, revision }, (lane) => {
          lane.writeSet(came, revision);
        });
        // A message that the router created, or took from elsewhere, is in no frame.
        expectWritten({ ...message, revision }, (lane) => {
          lane.writeSet({ ...came, value: came.value.copy() }, revision);
        });
      }),
    );
  });

  it('writes the ACK of any received SET as the codec does', () => {
    fc.assert(
      fc.property(sets, arbitraryU64, (message, revision) => {
        expectWritten({ type: 'ack', address: message.address, revision }, (lane) => {
          lane.writeAck(received(message), revision);
        });
      }),
    );
  });

  it('writes any received PUBLISH as the codec does', () => {
    fc.assert(
      fc.property(publishes, (message) => {
        const came = received(message);
        expectWritten(came, (lane) => {
          lane.writePublish(came);
        });
        const sent = { ...came, address: `${came.address}/x` }; // at another address than received
        expectWritten(sent, (lane) => {
          lane.writePublish(sent);
        });
      }),
    );
  });

  it.each([
    { timestamp: 5 },
    { id: 5 },
    { rate: 5 },
    { id: 5, phase: 'move', signal: 'gesture' },
    { signal: 'stream' },
  ] as const)('writes a PUBLISH with %p as the codec does', (fields) => {
    const came = received({ type: 'publish', address: '/a', signal: 'event', value: encodeValue(1), ...fields });
    expectWritten(came, (lane) => {
      lane.writePublish(came);
    });
  });

  it('writes each SET, ACK and PUBLISH of every length near the sizes where a header grows', () => {
    for (let length = 0; length < 300; length++) {
      const set = received({ type: 'set', address: '/a', value: encodeValue('x'.repeat(length)) });
      expectWritten({ ...set, revision: 2 ** 32 + length }, (lane) => {
        lane.writeSet(set, 2 ** 32 + length);
      });
      const publish = received({
        type: 'publish',
        address: '/a',
        signal: 'event',
        value: encodeValue('x'.repeat(length)),
      });
      expectWritten(publish, (lane) => {
        lane.writePublish(publish);
      });
      const address = `/${'a'.repeat(length)}`;
      expectWritten({ type: 'ack', address, revision: length }, (lane) => {
        lane.writeAck(received({ type: 'set', address, value: encodeValue(1) }), length);
      });
    }
  });
});
