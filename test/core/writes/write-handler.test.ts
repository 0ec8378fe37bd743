import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, plain } from '../../support/core-harness.js';

describe('SET', () => {
  it('reaches its subscribers with the new revision, then its writer gets the ACK', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(7, '/lights/**');
    writer.set('/lights/1', 0.5);
    writer.set('/lights/1', 0.75);
    expect(plain(reader.read())).toEqual([
      { type: 'set', address: '/lights/1', value: 0.5, revision: 1 },
      { type: 'set', address: '/lights/1', value: 0.75, revision: 2 },
    ]);
    expect(plain(writer.read())).toEqual([
      { type: 'ack', address: '/lights/1', revision: 1 },
      { type: 'ack', address: '/lights/1', revision: 2 },
    ]);
  });

  it('is echoed to a subscribed writer before its ACK', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.subscribe(1, '/**');
    peer.set('/a', true);
    expect(peer.read().map(({ type }) => type)).toEqual(['set', 'ack']);
  });

  it('is acknowledged for QoS 1 and 2 only, unless the router always acknowledges', () => {
    for (const acks of ['requested', 'always'] as const) {
      const peer = new CoreHarness({ acks }).join();
      for (const qos of [0, 1, 2] as const) peer.set(`/q/${qos}`, null, { qos });
      const acked = peer.read().map((message) => (message as { address?: string }).address);
      expect(acked).toEqual(acks === 'always' ? ['/q/0', '/q/1', '/q/2'] : ['/q/1', '/q/2']);
    }
  });

  it('forwards lock, unlock and ttl unchanged', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/a');
    writer.send({
      type: 'set',
      address: '/a',
      value: encodeValue(1n),
      lock: true,
      unlock: true,
      ttl: 60,
      absolute: true,
    });
    expect(plain(reader.read())).toEqual([
      { type: 'set', address: '/a', value: 1n, revision: 1, lock: true, unlock: true, ttl: 60, absolute: true },
    ]);
  });

  it('with the expected revision is accepted; with another one it is ERROR 400 with both numbers', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.set('/a', 1, { revision: 5 }); // a new address: the expected revision is ignored
    peer.set('/a', 2, { revision: 1 });
    peer.set('/a', 3, { revision: 1 });
    peer.set('/a', 4, { revision: 2 });
    expect(plain(peer.read())).toEqual([
      { type: 'ack', address: '/a', revision: 1 },
      { type: 'ack', address: '/a', revision: 2 },
      { type: 'error', code: 400, message: 'Revision conflict: expected 1, got 2', address: '/a' },
      { type: 'ack', address: '/a', revision: 3 },
    ]);
  });

  it.each(['', 'a', '/a//b', '/a/*', '/**', '//'])('to the address %j is ERROR 200 and stores nothing', (address) => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.set(address, 1);
    expect(peer.read()).toMatchObject([{ type: 'error', code: 200, address }]);
    expect(harness.core.paramCount).toBe(0);
  });

  it.each(['/', '/a/', '/é/日本', '/😀', '/a b', '/..'])('accepts the address %j', (address) => {
    const peer = new CoreHarness().join();
    peer.set(address, 1);
    expect(peer.read()).toMatchObject([{ type: 'ack', address }]);
  });

  it('with a value that fits inbound but not outbound is refused with 402, and neither stored nor acknowledged', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    const limit = 65_474 - '/a'.length - 2;
    writer.set('/a', 'x'.repeat(limit + 1));
    expect(writer.read()).toMatchObject([{ type: 'error', code: 402, address: '/a' }]);
    expect(harness.core.paramCount).toBe(0);
    writer.set('/a', 'x'.repeat(limit));
    expect(writer.read()).toMatchObject([{ type: 'ack', revision: 1 }]);
    expect(reader.read()).toMatchObject([{ type: 'set', revision: 1 }]);
    writer.send({ type: 'get', address: '/a' });
    expect(writer.read()).toMatchObject([{ type: 'snapshot', params: [{ address: '/a', revision: 1 }] }]);
  });

  it('preserves Int and Float', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.set('/i', 2n ** 63n - 1n);
    peer.set('/f', 5);
    peer.read();
    peer.subscribe(1, '/**');
    expect(plain(peer.read())).toMatchObject([
      {
        params: [
          { address: '/i', value: 2n ** 63n - 1n },
          { address: '/f', value: 5 },
        ],
      },
    ]);
  });
});

describe('BUNDLE', () => {
  const set = (address: string, value: number, revision?: number): Message => ({
    type: 'set',
    address,
    value: encodeValue(value),
    revision,
  });
  const event = (address: string): Message => ({ type: 'publish', address, signal: 'event', phase: 'start' });

  it('takes effect in its own order, unbundled, with one ACK for the last revision', () => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    sender.send({ type: 'bundle', messages: [set('/a', 1), event('/e'), set('/a', 2), set('/b', 3)] });
    expect(plain(reader.read())).toEqual([
      { type: 'set', address: '/a', value: 1, revision: 1 },
      { type: 'publish', address: '/e', signal: 'event', phase: 'start' },
      { type: 'set', address: '/a', value: 2, revision: 2 },
      { type: 'set', address: '/b', value: 3, revision: 1 },
    ]);
    expect(sender.read()).toEqual([{ type: 'ack', revision: 1 }]);
  });

  it('checks revisions against the results of earlier messages in the bundle', () => {
    const peer = new CoreHarness().join();
    peer.set('/a', 0);
    peer.read();
    peer.send({ type: 'bundle', messages: [set('/a', 1, 1), set('/a', 2, 2)] });
    expect(peer.read()).toEqual([{ type: 'ack', revision: 3 }]);
  });

  it.each([
    ['a stale revision', set('/known', 1, 9), 400, 'Bundle rejected: Revision conflict: expected 9, got 1'],
    ['a bad address', event('nowhere'), 200, 'Bundle rejected: invalid address: it does not start with "/"'],
    [
      'a message that is no write',
      { type: 'get', address: '/a' } as const,
      101,
      'Bundle rejected: only SET and PUBLISH can be bundled, not get',
    ],
  ])('with %s is refused entirely: nothing of it is stored or sent', (_, bad, code, message) => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    sender.set('/known', 0);
    sender.read();
    reader.subscribe(1, '/fresh/**');
    sender.send({ type: 'bundle', messages: [set('/fresh/1', 1), event('/fresh/2'), bad] });
    expect(sender.read()).toMatchObject([{ type: 'error', code, message }]);
    expect(reader.read()).toEqual([]);
    expect(harness.core.paramCount).toBe(1);
  });

  it('is not acknowledged when its frame has QoS 0', () => {
    const harness = new CoreHarness();
    const sender = harness.join();
    sender.send({ type: 'bundle', messages: [set('/a', 1)] }, { qos: 0 });
    expect(sender.read()).toEqual([]);
  });
});
