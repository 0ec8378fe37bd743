import { describe, expect, it } from '@jest/globals';
import { ErrorCode } from '../../src/protocol/errors.js';
import { DecodeError } from '../../src/protocol/errors.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { CoreHarness, plain } from '../support/core-harness.js';

const fault = (code: ErrorCode, message: string, address: string): unknown => ({
  type: 'error',
  code,
  message,
  address,
});

describe('the name in HELLO', () => {
  const hello = (name: string): Message => ({ type: 'hello', version: 1, name, features: [] });

  it.each(['x'.repeat(255), `${'ä'.repeat(127)}x`])('is accepted with 255 bytes: %s', (name) => {
    const peer = new CoreHarness().connect();
    peer.send(hello(name));
    expect(peer.events).toMatchObject([{ type: 'hello.accepted', name }]);
  });

  it.each(['open', 'authenticated'] as const)('is ERROR 101 with the numbers beyond 255 bytes, %s', (securityMode) => {
    const peer = new CoreHarness({ securityMode }).connect();
    peer.send(hello('ä'.repeat(128)));
    const message = 'The name in HELLO has 256 bytes; the limit is 255';
    expect(peer.events).toMatchObject([{ type: 'hello.refused', error: { code: 101, message } }]);
  });
});

describe('limits of one session', () => {
  it('a pattern with more "**" than permitted is ERROR 202 with both numbers', () => {
    const harness = new CoreHarness({ maxGlobstars: 2 });
    const peer = harness.join();
    peer.subscribe(1, '/**/a/**');
    peer.subscribe(2, '/**/a/**/b/**');
    const text = 'invalid pattern: it has 3 "**"; the limit is 2';
    expect(plain(peer.read())).toEqual([fault(ErrorCode.PatternError, text, '/**/a/**/b/**')]);
    expect(harness.core.subscriptionCount).toBe(1);
  });

  it('a QUERY with more "**" than permitted is ERROR 202', () => {
    const peer = new CoreHarness({ maxGlobstars: 2 }).join();
    peer.send({ type: 'query', pattern: '/**/a/**/b/**' });
    const text = 'invalid pattern: it has 3 "**"; the limit is 2';
    expect(plain(peer.read())).toEqual([fault(ErrorCode.PatternError, text, '/**/a/**/b/**')]);
  });

  it('patterns with more segments in total than permitted are ERROR 429, and ending some makes room again', () => {
    const harness = new CoreHarness({ maxPatternSegmentsPerSession: 6 });
    const [peer, other] = [harness.join(), harness.join()];
    peer.subscribe(1, '/a/b/c');
    peer.subscribe(2, '/a/b/c'); // shared with the first, and still counted
    peer.subscribe(3, '/a');
    const text = 'Subscription limit reached: its patterns would have 7 segments in all (max 6)';
    expect(plain(peer.read())).toEqual([fault(ErrorCode.RateLimited, text, '/a')]);
    other.subscribe(1, '/a/b/c/d/e/f'); // the limit is per session
    peer.subscribe(2, '/a/b'); // replaces three segments
    peer.subscribe(3, '/a');
    peer.subscribe(4, '/**/**/**'); // counts as one
    expect(plain(peer.read())).toMatchObject([{ type: 'error', code: 429 }]);
    peer.send({ type: 'unsubscribe', id: 3 });
    peer.subscribe(4, '/**/**/**');
    expect(plain(peer.read())).toEqual([]);
    expect(harness.core.subscriptionCount).toBe(4);
  });

  it('an address or a pattern of more than 128 segments is invalid', () => {
    const deep = (count: number): string => '/a'.repeat(count);
    const peer = new CoreHarness().join();
    peer.set(deep(128), 1);
    peer.set(deep(129), 1);
    peer.subscribe(1, deep(129));
    const text = 'it has 129 segments; the limit is 128';
    expect(plain(peer.read())).toEqual([
      { type: 'ack', address: deep(128), revision: 1 },
      fault(ErrorCode.InvalidAddress, `invalid address: ${text}`, deep(129)),
      fault(ErrorCode.PatternError, `invalid pattern: ${text}`, deep(129)),
    ]);
  });

  it('a value over the limit is ERROR 402, in a SET, a bundle and a PUBLISH', () => {
    const peer = new CoreHarness({ maxValueBytes: 10 }).join();
    peer.set('/a', 'x'.repeat(8)); // its length takes two bytes
    peer.set('/a', 'x'.repeat(9));
    peer.publish('/a', 'event', 'x'.repeat(9));
    peer.send({ type: 'bundle', messages: [{ type: 'set', address: '/a', value: encodeValue('x'.repeat(9)) }] });
    const text = 'Value too large: it is 11 bytes; the limit is 10';
    expect(plain(peer.read())).toEqual([
      { type: 'ack', address: '/a', revision: 1 },
      fault(ErrorCode.InvalidValue, text, '/a'),
      fault(ErrorCode.InvalidValue, text, '/a'),
      fault(ErrorCode.InvalidValue, `Bundle rejected: ${text}`, '/a'),
    ]);
  });

  it('more undecodable frames per minute than permitted end the session, with the number', () => {
    const peer = new CoreHarness({ maxMalformedPerMinute: 2 }).join();
    const malformed = { type: 'malformed', error: new DecodeError('BadMagic', 'no frame') } as const;
    for (let i = 0; i < 2; i++) peer.send(malformed);
    expect(peer.events.filter(({ type }) => type === 'end.protocolViolated')).toEqual([]);
    peer.send(malformed);
    const error = { message: 'More than 2 frames in a minute could not be read' };
    expect(peer.events.at(-1)).toMatchObject({ type: 'end.protocolViolated', error });
  });
});

describe('hostile patterns', () => {
  it('cost a bounded number of steps, however they are chained', () => {
    const harness = new CoreHarness({ maxGlobstars: 4, maxSubscriptionsPerSession: 0, maxMatchSteps: 0 });
    const peer = harness.join();
    for (let i = 0; i < 1_000; i++) peer.subscribe(i, `/**/a/**/a${i}*/**/a/**`);
    const speaker = harness.join();
    speaker.publish('/a'.repeat(128), 'event', 1);
    speaker.publish(`/a/a7x/b/a`, 'event', 1);
    expect(peer.read()).toHaveLength(1);
  });
});
