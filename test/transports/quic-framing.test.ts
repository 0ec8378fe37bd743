import { describe, expect, it } from '@jest/globals';
import { READ_BYTES_PER_TURN, quicCloseCodes } from '../../src/transports/quic/constants.js';
import { ConnectionLost } from '../../src/transports/transport.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, turns } from '../support/inbox.js';
import { connectedFake, numbersOf, openFake } from './quic-harness.js';

describe('reading from a QUIC stream', () => {
  const frames = [frameOf(4, 1), frameOf(20, 2), frameOf(300, 3), frameOf(8, 4)];
  const bytes = framed('raw', frames);

  it('joins frames for any chunk boundaries', async () => {
    const { library, accepted } = await openFake();
    for (let at = 1; at < bytes.length; at++) {
      const stream = library.arrive().open(bytes.slice(0, at));
      const inbox = new Inbox(accepted.at(-1)!.batches$);
      stream.push(Buffer.from(bytes.subarray(at)));
      expect(inbox.frames).toEqual(frames);
    }
    expect(accepted).toHaveLength(bytes.length - 1);
  });

  it('joins frames that arrive byte by byte', async () => {
    const { library, accepted } = await openFake();
    const stream = library.arrive().open(bytes.slice(0, 1));
    const inbox = new Inbox(accepted[0]!.batches$);
    for (const byte of bytes.subarray(1)) stream.push(Buffer.of(byte));
    await inbox.receive(4);
    expect(inbox.frames).toEqual(frames);
  });

  it('emits one batch for the frames of one chunk, and none for a partial frame', async () => {
    const { stream, inbox } = await connectedFake();
    stream.push(bytes);
    stream.push(bytes.subarray(0, 10));
    await turns();
    expect(inbox.batches.map(({ length }) => length)).toEqual([1, 4, 1]);
  });

  it('loses nothing of a peer that leaves in its first packet', async () => {
    const { library, accepted } = await openFake();
    const peer = library.arrive();
    const stream = peer.open(frameOf(20, 1));
    stream.push(frameOf(20, 2));
    stream.destroy(); // as the library does before it notifies
    peer.end({ kind: 'closed', code: 0, text: '' });
    const inbox = new Inbox(accepted[0]!.batches$);
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(numbersOf(inbox)).toEqual([1, 2]);
  });

  it('closes a desynchronized stream after the frames before the fault', async () => {
    const { peer, stream, inbox } = await connectedFake();
    stream.push(Buffer.concat([frameOf(20, 1), Buffer.from('GET / HTTP/1.1'), frameOf(20, 2)]));
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(String(inbox.end)).toMatch(/the peer sent bytes that are not a frame: /);
    expect(numbersOf(inbox)).toEqual([0, 1]);
    expect(peer.closedWith?.code).toBe(quicCloseCodes.protocol);
  });

  it('is fair: a peer that sends without end does not block others', async () => {
    const { stream, inbox } = await connectedFake();
    await turns();
    const perTurn = READ_BYTES_PER_TURN / 16_384;
    for (let i = 1; i <= 10 * perTurn; i++) stream.push(frameOf(16_384, i));
    let last = inbox.frames.length;
    expect(last).toBeLessThanOrEqual(perTurn + 1);
    while (last < 10 * perTurn + 1) {
      await turns();
      expect(inbox.frames.length).toBeLessThanOrEqual(last + perTurn + 1);
      last = inbox.frames.length;
    }
    expect(numbersOf(inbox)).toEqual(Array.from({ length: 10 * perTurn + 1 }, (_, i) => i));
  });

  it('reads all input before the end', async () => {
    const { peer, stream, inbox } = await connectedFake();
    for (let i = 1; i <= 50; i++) stream.push(frameOf(16_384, i));
    peer.end({ kind: 'lost', text: 'idle timeout' });
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer is gone: idle timeout'));
    expect(numbersOf(inbox)).toEqual(Array.from({ length: 51 }, (_, i) => i));
  });

  it('reports invalid bytes that it finds after the peer has left', async () => {
    const { stream, inbox } = await connectedFake();
    for (let i = 1; i <= 50; i++) stream.push(frameOf(16_384, i));
    stream.push(Buffer.from('GET / HTTP/1.1'));
    stream.push(null);
    await turns(); // `end` is emitted in a separate turn
    expect(inbox.frames.length).toBeLessThan(51);
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(inbox.frames).toHaveLength(51);
  });
});
