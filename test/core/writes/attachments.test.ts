import { describe, expect, it } from '@jest/globals';
import { encodeFrame } from '../../../src/protocol/frame.js';
import { decodeJson } from '../../../src/protocol/encodings/json.js';
import type { SetMessage } from '../../../src/protocol/messages/message.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

const attachment = { byteLength: 1_000, origin: 'mqtt' };
const local = (harness: CoreHarness, name: string): Peer => harness.join(name, 'binary', { isLocal: true });

function set(peer: Peer, address: string, value: number, more: Partial<SetMessage> = {}): void {
  peer.send({ type: 'set', address, value: encodeValue(value), ...more });
}

describe('an attachment', () => {
  it('reaches in-process subscribers with SET and PUBLISH, also in a bundle', () => {
    const harness = new CoreHarness();
    const [bridge, other] = [local(harness, 'bridge'), local(harness, 'other')];
    other.subscribe(1, '/**');
    other.read();
    set(bridge, '/a', 1, { attachment });
    bridge.publish('/b', 'event', 1, { attachment });
    bridge.send({ type: 'bundle', messages: [{ type: 'set', address: '/c', value: encodeValue(1), attachment }] });
    set(bridge, '/a', 2);
    const received = other.read() as readonly { readonly attachment?: object }[];
    expect(received.map((message) => message.attachment)).toEqual([attachment, attachment, attachment, undefined]);
  });

  it.each(['binary', 'json', 'cbor'] as const)('is not on the wire: %s', (encoding) => {
    const harness = new CoreHarness();
    const bridge = local(harness, 'bridge');
    const phone = harness.join('phone', encoding);
    phone.subscribe(1, '/**');
    phone.readFrames();
    const lengths = [{}, { attachment }].map((more) => {
      set(bridge, '/a', 1, more);
      return phone.readFrames().map(({ length }) => length);
    });
    expect(lengths[1]).toEqual(lengths[0]);
    const message = { type: 'set', address: '/a', value: encodeValue(1) } as const;
    expect(encodeFrame({ ...message, attachment })).toEqual(encodeFrame(message));
  });

  it('cannot come from the wire', () => {
    const text = '{"type":"set","address":"/a","value":1,"attachment":{"byteLength":9}}';
    expect(decodeJson(text, 1_000).message).not.toHaveProperty('attachment');
  });

  it('stays with the param until its next write, for snapshots and GET', () => {
    const harness = new CoreHarness();
    const bridge = local(harness, 'bridge');
    set(bridge, '/a', 1, { attachment });
    set(bridge, '/b', 1, { attachment });
    set(bridge, '/b', 2);
    const late = harness.connect({ isLocal: true });
    late.send({ type: 'hello', version: 1, name: 'late', features: [] });
    harness.settle();
    const [, snapshot] = late.read();
    expect(snapshot).toMatchObject({ params: [{ address: '/a', attachment }, { address: '/b' }] });
    late.send({ type: 'get', address: '/b' });
    expect(late.read()).toMatchObject([{ params: [{ attachment: undefined }] }]);
  });

  it('counts in the memory of the params', () => {
    const harness = new CoreHarness();
    const bridge = local(harness, 'bridge');
    set(bridge, '/a', 1);
    const without = harness.core.paramBytes;
    set(bridge, '/a', 1, { attachment });
    expect(harness.core.paramBytes).toBe(without + 1_000);
    set(bridge, '/a', 1);
    expect(harness.core.paramBytes).toBe(without);
    set(bridge, '/a', 1, { attachment });
    bridge.send({ type: 'remove', address: '/a' });
    expect(harness.core.paramBytes).toBe(0);
  });

  it('is dropped if a conflict strategy stores another value', () => {
    const conflictRules = [
      { pattern: parsePattern('/**'), strategy: 'merge', merge: (stored: unknown) => stored as never } as const,
    ];
    const harness = new CoreHarness({ conflictRules });
    const [bridge, other] = [local(harness, 'bridge'), local(harness, 'other')];
    set(bridge, '/a', 1);
    other.subscribe(1, '/**');
    other.read();
    set(bridge, '/a', 2, { attachment });
    expect(other.read()).toMatchObject([{ type: 'set', attachment: undefined }]);
  });
});

describe('a link that wants no snapshot', () => {
  it('gets a WELCOME alone', () => {
    const harness = new CoreHarness();
    harness.join().set('/a', 1);
    const sensor = harness.connect({ wantsSnapshot: false });
    sensor.send({ type: 'hello', version: 1, name: 'sensor', features: [] });
    harness.settle();
    expect(sensor.read()).toMatchObject([{ type: 'welcome' }]);
  });
});
