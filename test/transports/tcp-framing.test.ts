import { describe, expect, it } from '@jest/globals';
import { tcp } from '../../src/transports/tcp/index.js';
import { ConnectionLost } from '../../src/transports/transport.js';
import { framed, frameOf } from '../support/frames.js';
import { fromHex } from '../support/hex.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { TcpClient } from '../support/tcp-client.js';
import { connected, connectedRaw, local, open } from './tcp-harness.js';
import { urlOf } from '../support/open-listener.js';

describe('reading from TCP', () => {
  it('joins split input, byte by byte', async () => {
    const { client, inbox } = await connected();
    for (const byte of framed('length', [frameOf(30, 1), frameOf(4)])) {
      client.write(Uint8Array.of(byte));
      await turns();
    }
    expect(await inbox.receive(2)).toEqual([frameOf(30, 1), frameOf(4)]);
    expect(inbox.batches).toHaveLength(2); // none for the pieces
  });

  it('emits one batch for merged input', async () => {
    const { client, inbox } = await connected();
    const frames = [1, 2, 3].map((number) => frameOf(20, number));
    client.send(...frames);
    await inbox.receive(3);
    expect(inbox.batches).toHaveLength(1);
  });

  it('leaves all input with the sender until there is a subscriber', async () => {
    const { listener, accepted } = await open(tcp(local));
    const client = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 1);
    for (let i = 0; i < 500; i++) client.send(frameOf(65_000)); // 32 MB, more than the network buffers
    let [left, stuck] = [Infinity, 0];
    await until(() => {
      stuck = client.socket.writableLength === left ? stuck + 1 : 0;
      left = client.socket.writableLength;
      return stuck > 100;
    });
    expect(left).toBeGreaterThan(1_000_000);
    expect(await new Inbox(accepted[0]!.batches$).receive(500)).toHaveLength(500);
    client.vanish();
  });

  it.each([
    ['over the limit', '00000065', 'the peer violated the framing: the count is 101 bytes; the limit is 100'],
    ['of 0', '00000000', 'the peer violated the framing: the count is 0 bytes; a frame has at least 4'],
    [
      'of less than a header',
      '00000003',
      'the peer violated the framing: the count is 3 bytes; a frame has at least 4',
    ],
    ['that is HTTP', '47455420', 'the peer violated the framing: the count is 1195725856 bytes; the limit is 100'],
  ])('ends at a length %s, after earlier frames and writes', async (_, count, sentence) => {
    const { client, connection, inbox } = await connected({ maxFrameBytes: 100 });
    connection.write(framed('length', [frameOf(30_000, 7)]));
    client.send(frameOf(100, 1));
    client.write(fromHex(count));
    client.send(frameOf(20, 2));
    expect(await client.ended).toBe('closed');
    expect(client.frames).toEqual([frameOf(30_000, 7)]);
    expect(await inbox.ended).toEqual(new ConnectionLost(sentence));
    expect(inbox.frames).toEqual([frameOf(100, 1)]);
  });

  it('survives a subscriber that closes during its batch', async () => {
    const { listener, accepted } = await open(tcp(local));
    const client = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 1);
    const connection = accepted[0]!;
    client.write(Buffer.concat([framed('length', [frameOf(20, 1)]), fromHex('00000000')]));
    const end = await new Promise((resolve) => {
      connection.batches$.subscribe({
        next: () => {
          connection.close({ kind: 'policy', text: 'enough' });
        },
        complete: () => {
          resolve('completed');
        },
        error: resolve,
      });
    });
    expect(end).toBe('completed'); // this side closed before the fault mattered
  });

  it.each([
    ['its count', 2],
    ['its count and the frame', 4],
    ['the frame', 15],
  ])('treats an end inside %s as a loss', async (_, at) => {
    const { raw, inbox } = await connectedRaw();
    raw.write(framed('length', [frameOf(20, 1)]));
    raw.write(framed('length', [frameOf(20, 2)]).subarray(0, at));
    raw.socket.end();
    expect(await inbox.ended).toEqual(
      new ConnectionLost(`the peer disconnected inside a frame, after ${at} of its bytes`),
    );
    expect(inbox.frames).toEqual([frameOf(20, 1)]);
    await raw.closed;
  });

  it('detects a reset', async () => {
    const { client, inbox } = await connected();
    client.send(frameOf(20, 1));
    await inbox.receive(1);
    client.vanish();
    expect(await inbox.ended).toEqual(new ConnectionLost('the connection failed: read ECONNRESET'));
  });

  it('keeps input from before a reset', async () => {
    const { listener, accepted } = await open(tcp(local));
    const client = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 1);
    client.send(frameOf(20, 1), frameOf(20, 2));
    await turns(20);
    client.vanish();
    await turns(20);
    const inbox = new Inbox(accepted[0]!.batches$);
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(inbox.frames).toEqual([frameOf(20, 1), frameOf(20, 2)]);
  });
});
