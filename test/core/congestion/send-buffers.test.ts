import { describe, expect, it } from '@jest/globals';
import { RouterSession } from '../../../src/core/session.js';
import { SendBuffers } from '../../../src/core/congestion/send-buffers.js';

interface Socket {
  readonly session: RouterSession;
  /** Bytes in its buffer. */
  bytes: number;
  /** Reasons why it was destroyed. */
  readonly ends: string[];
}

function socket(buffers: SendBuffers, bytes: number, isTrusted = false): Socket {
  const one: Socket = {
    bytes,
    ends: [],
    session: new RouterSession({
      id: 's',
      link: {
        transport: 'test',
        remoteAddress: 'test',
        framing: 'raw',
        encoding: undefined,
        isTrusted,
        get bufferedBytes() {
          return one.bytes;
        },
        write: () => undefined,
        close: () => undefined,
        destroy: (text = '') => void one.ends.push(text),
      },
      notify: () => undefined,
      nowMicros: 0,
      maxQueueBytes: 1,
      maxQueueMessages: 1,
    }),
  };
  buffers.opened(one.session);
  return one;
}

const limits = { maxSendBufferBytes: 800_000, highWaterBytes: 1_048_576 };

describe('the socket buffers of all sessions', () => {
  it('lower the high-water mark to 65,536 bytes above half of the limit, and raise it again', () => {
    const buffers = new SendBuffers(limits);
    const slow = socket(buffers, 400_001);
    buffers.wrote(99_999);
    expect(buffers.highWaterBytes).toBe(1_048_576);
    buffers.wrote(1);
    expect(buffers.highWaterBytes).toBe(65_536);
    slow.bytes = 400_000;
    buffers.wrote(100_000);
    expect(buffers.highWaterBytes).toBe(1_048_576);
  });

  it('keep a high-water mark that is lower anyway', () => {
    const buffers = new SendBuffers({ ...limits, highWaterBytes: 1_000 });
    socket(buffers, 500_000);
    buffers.wrote(100_000);
    expect(buffers.highWaterBytes).toBe(1_000);
  });

  it('above the limit cause the connection with the largest buffer to be destroyed, and no other', () => {
    const buffers = new SendBuffers(limits);
    const sockets = [300_000, 350_000, 200_000].map((bytes) => socket(buffers, bytes));
    buffers.wrote(100_000);
    const text =
      'too slow: its socket held 350000 bytes, the most of all, and all together more than 800000 (maxSendBufferBytes)';
    expect(sockets.map(({ ends }) => ends)).toEqual([[], [text], []]);
    expect(buffers.closed).toBe(1);
  });

  it('never destroy the connection of a session of the embedding program', () => {
    const buffers = new SendBuffers(limits);
    const own = socket(buffers, 900_000, true);
    const other = socket(buffers, 1_000);
    buffers.wrote(100_000);
    expect([own.ends.length, other.ends.length]).toEqual([0, 1]);
  });

  it('do not include sessions that have ended', () => {
    const buffers = new SendBuffers(limits);
    const gone = socket(buffers, 900_000);
    buffers.ended(gone.session);
    buffers.wrote(100_000);
    expect([buffers.sum(), buffers.highWaterBytes, buffers.closed]).toEqual([0, 1_048_576, 0]);
  });

  it('are not checked with a limit of 0', () => {
    const buffers = new SendBuffers({ ...limits, maxSendBufferBytes: 0 });
    const slow = socket(buffers, 2 ** 40);
    buffers.wrote(2 ** 40);
    expect([buffers.highWaterBytes, slow.ends]).toEqual([1_048_576, []]);
  });
});
