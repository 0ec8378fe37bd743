import { describe, expect, it } from '@jest/globals';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import type { GesturePhase } from '../../../src/protocol/enumerations.js';
import type { Message, PublishMessage } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

/** The datagram path of a session, and the messages sent on it. */
class Loose {
  maxBytes = 1_000;
  readonly messages: Message[] = [];

  static of({ session }: Peer): Loose {
    const datagrams = new Loose();
    Object.assign(session.link, { datagrams }); // as a connection does whose peer requested it
    return datagrams;
  }

  send(frame: Uint8Array): void {
    this.messages.push(decodeFrame(frame.slice()).message);
  }

  take(): string[] {
    return this.messages.splice(0).map(shown);
  }
}

function shown(message: Message): string {
  if (message.type !== 'publish') return message.type;
  const { signal, address, phase, value } = message;
  const what = signal === 'gesture' ? `gesture ${phase!}` : signal!; // binary always has both
  const number = value?.decode() as number | undefined; // nothing else is sent here
  return number === undefined ? `${what} ${address}` : `${what} ${address} ${number}`;
}

function stream(value: number, address = '/level'): PublishMessage {
  return { type: 'publish', signal: 'stream', address, value: encodeValue(value) };
}

function step(phase: GesturePhase, value: number, timestamp?: number): PublishMessage {
  return { type: 'publish', signal: 'gesture', address: '/pad', id: 1, phase, value: encodeValue(value), timestamp };
}

/** Two connected sessions, the second subscribed to everything. */
function scene(): { harness: CoreHarness; sender: Peer; receiver: Peer; heard: () => string[] } {
  const harness = new CoreHarness({ gestureIntervalMs: 0 });
  const [sender, receiver] = [harness.join('sender'), harness.join('receiver')];
  receiver.send({ type: 'subscribe', id: 1, pattern: '/**', types: undefined, options: undefined });
  harness.settle();
  receiver.read();
  return { harness, sender, receiver, heard: () => receiver.read().map(shown) };
}

describe('a session with datagrams', () => {
  it('receives samples and moves by datagram, and everything else by stream', () => {
    const { sender, receiver, heard } = scene();
    const loose = Loose.of(receiver);
    sender.send(stream(1));
    sender.send(step('start', 0));
    sender.send(step('move', 1));
    sender.send(step('end', 2));
    sender.send({ type: 'publish', signal: 'event', address: '/bang' });
    sender.send({ type: 'set', address: '/dim', value: encodeValue(1) }, { qos: 0 });
    expect(loose.take()).toEqual(['stream /level 1', 'gesture move /pad 1']);
    expect(heard()).toEqual(['gesture start /pad 0', 'gesture end /pad 2', 'event /bang', 'set']);
  });

  it('receives them by stream if they are too large, or while datagrams have no capacity', () => {
    const { sender, receiver, heard } = scene();
    const loose = Loose.of(receiver);
    const bytes = encodeFrame(stream(0.5)).length;
    loose.maxBytes = bytes - 1;
    sender.send(stream(0.5));
    loose.maxBytes = bytes;
    sender.send(stream(1.5));
    loose.maxBytes = 0;
    sender.send(stream(2.5));
    expect(loose.take()).toEqual(['stream /level 1.5']);
    expect(heard()).toEqual(['stream /level 0.5', 'stream /level 2.5']);
  });

  it('receives none of its own messages, and none while it is congested', () => {
    const { sender, receiver, heard } = scene();
    const loose = Loose.of(receiver);
    receiver.send(stream(1));
    receiver.session.phase = 'congested';
    sender.send(stream(2));
    receiver.session.phase = 'active';
    sender.send(stream(3));
    expect(loose.take()).toEqual(['stream /level 3']);
    expect(heard()).toEqual([]);
    expect(receiver.session.sendQueue.messages).toBe(1);
  });

  it('counts as a delivery', () => {
    const { harness, sender, receiver } = scene();
    Loose.of(receiver);
    const before = harness.core.deliveryCount;
    sender.send(stream(1));
    expect(harness.core.deliveryCount).toBe(before + 1);
  });
});

describe('the moves of a session with datagrams', () => {
  function moves(): ReturnType<typeof scene> {
    const made = scene();
    Loose.of(made.sender);
    return made;
  }

  it('are dropped before their start and after their end', () => {
    const { sender, heard } = moves();
    for (const message of [step('move', 1), step('start', 2), step('move', 3), step('end', 4), step('move', 5)]) {
      sender.send(message);
    }
    sender.send(step('start', 6));
    sender.send(step('cancel', 7));
    sender.send(step('move', 8));
    expect(heard().map((line) => Number(line.at(-1)))).toEqual([2, 3, 4, 6, 7]);
  });

  it('are dropped if a newer one was accepted, or if they belong to the previous gesture', () => {
    const { sender, heard } = moves();
    sender.send(step('start', 0, 100));
    sender.send(step('move', 1, 102));
    sender.send(step('move', 2, 101));
    sender.send(step('move', 3, 102));
    sender.send(step('move', 4));
    sender.send(step('end', 5, 103));
    sender.send(step('start', 6, 110));
    sender.send(step('move', 7, 102));
    sender.send(step('move', 8, 111));
    expect(heard().map((line) => Number(line.at(-1)))).toEqual([0, 1, 3, 4, 5, 6, 8]);
  });

  it('are all accepted without datagrams, because a stream preserves order', () => {
    const { sender, heard } = scene();
    for (const message of [step('move', 1, 100), step('start', 2, 90), step('move', 3, 80)]) sender.send(message);
    expect(heard()).toHaveLength(3);
  });
});
