import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { WebSocketConnection } from '../../../src/transports/websocket/connection.js';
import { UnfinishedMessages } from '../../../src/transports/websocket/unfinished-messages.js';
import { frameOf } from '../../support/frames.js';
import { Inbox } from '../../support/inbox.js';
import { maskedMessage } from '../../support/raw-socket.js';
import { SteadyClock } from '../../support/steady-clock.js';

const TEXT = 0x81;

/** A connection behind a socket whose input the test writes, and what the connection emits. */
function connectionUnderTest() {
  const socket = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const connection = new WebSocketConnection(
    socket as unknown as Socket /* the part that a connection uses */,
    Buffer.alloc(0),
    {
      encoding: undefined,
      remoteAddress: '192.0.2.1:1',
      isForwarded: false,
      maxFrameBytes: 65_547,
      pingIntervalMs: 0,
      clock: new SteadyClock(),
      unfinished: new UnfinishedMessages(),
    },
  );
  return { socket, connection, inbox: new Inbox(connection.batches$) };
}

describe('input that a socket has buffered when it closes', () => {
  it('is delivered', async () => {
    const { socket, connection, inbox } = connectionUnderTest();
    connection.hold();
    socket.push(Buffer.concat([maskedMessage(frameOf(20, 1)), maskedMessage(frameOf(20, 2))]));
    socket.destroy();
    await inbox.ended;
    expect(inbox.frames).toEqual([frameOf(20, 1), frameOf(20, 2)]);
  });

  it('is delivered without gaps: a text is not skipped between two binary messages', async () => {
    const { socket, connection, inbox } = connectionUnderTest();
    connection.hold();
    const text = maskedMessage(Buffer.from('{"type":"PING"}'), TEXT);
    socket.push(Buffer.concat([maskedMessage(frameOf(20, 1)), text, maskedMessage(frameOf(20, 2))]));
    socket.destroy();
    await inbox.ended;
    expect(inbox.frames).toEqual([frameOf(20, 1)]);
  });
});
