import { describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { DecodeError } from '../../../src/protocol/errors.js';
import { encodeFrame } from '../../../src/protocol/frame.js';
import { FrameRun } from '../../../src/protocol/frame-run.js';
import type { InboundFrame, RateLimitedMessage } from '../../../src/protocol/inbound.js';
import { decodedFrames } from '../../support/decoded-frames.js';
import { decodeFrames } from '../../../src/transports/operators/index.js';
import type { InboundFrame as UndecodedFrame } from '../../../src/transports/transport.js';

function decoded(...batches: (readonly (UndecodedFrame | RateLimitedMessage)[])[]): (readonly InboundFrame[])[] {
  const out: (readonly InboundFrame[])[] = [];
  let fault: unknown;
  of(...batches)
    .pipe(decodeFrames())
    .subscribe({ next: (items) => out.push(decodedFrames(items)), error: (error: unknown) => (fault = error) });
  expect(fault).toBeUndefined();
  return out;
}

describe('decodeFrames', () => {
  const ping = encodeFrame({ type: 'ping' }, { qos: 1 });

  it('converts one array of frames and JSON messages to one array of messages', () => {
    expect(decoded([ping, '{"type":"pong"}'], [ping])).toEqual([
      [
        expect.objectContaining({ message: { type: 'ping' }, qos: 1, encoding: 'binary' }),
        expect.objectContaining({ message: { type: 'pong' }, encoding: 'json' }),
      ],
      [expect.objectContaining({ message: { type: 'ping' } })],
    ]);
  });

  it('passes a run unchanged, for a receiver that decodes its frames one by one, invalid messages included', () => {
    const bad = encodeFrame({ type: 'ping' });
    bad[4] = 0x7f; // invalid message type
    const run = new FrameRun(Uint8Array.from([...ping, ...bad, ...ping]), 3);
    const [frames] = decoded([ping, run, '{"type":"pong"}']);
    expect(frames?.map(({ message }) => message.type)).toEqual(['ping', 'ping', 'malformed', 'ping', 'pong']);
  });

  it('keeps the empty array, a sign of life', () => {
    expect(decoded([])).toEqual([[]]);
  });

  it('replaces invalid input by its fault, at its position', () => {
    const bad = Uint8Array.of(0x47, 0x45, 0x54, 0x20);
    const [frames] = decoded([ping, bad, ping, '{"type":', ping]);
    expect(frames?.map(({ message }) => message.type)).toEqual(['ping', 'malformed', 'ping', 'malformed', 'ping']);
    expect(frames?.map(({ message }) => (message.type === 'malformed' ? message.error.fault : ''))).toEqual([
      '',
      'BadMagic',
      '',
      'JsonDecode',
      '',
    ]);
    expect(frames?.[1]).toMatchObject({ encoding: 'binary', qos: 0 });
    expect(frames?.[3]).toMatchObject({
      encoding: 'json',
      qos: 0,
      message: { error: expect.any(DecodeError) as unknown },
    });
  });

  it('passes notices of the rate limit unchanged', () => {
    const message: RateLimitedMessage = { type: 'rateLimited', messagesPerSecond: 5, dropped: 2 };
    expect(decoded([ping, message])[0]?.[1]?.message).toBe(message);
  });

  it('errors on a fault that the peer did not cause', () => {
    const bug = new Proxy(ping, {
      get(): never {
        throw new TypeError('ours');
      },
    });
    let error: unknown;
    of([ping], [bug])
      .pipe(decodeFrames())
      .subscribe({ error: (thrown: unknown) => (error = thrown) });
    expect(error).toEqual(new TypeError('ours'));
  });

  it('passes the end and errors', () => {
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(({ hot, expectObservable }) => {
      const frames = { a: [] };
      expectObservable(hot('a-|', frames).pipe(decodeFrames())).toBe('a-|', frames);
      expectObservable(hot('a-#', frames).pipe(decodeFrames())).toBe('a-#', frames);
    });
  });
});
