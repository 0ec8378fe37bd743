import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { MAX_PENDING_PONGS } from '../../../src/transports/websocket/constants.js';
import {
  closeCodeOf,
  closeFrame,
  OPCODE_CLOSE,
  OPCODE_PING,
  OPCODE_PONG,
} from '../../../src/transports/websocket/control-frames.js';
import { LeanPeer } from '../../../src/transports/websocket/lean-peer.js';
import { turns } from '../../support/inbox.js';

/** A peer behind a socket whose writes are recorded, and the calls of its handlers. */
function peerUnderTest({ takesWrites = true } = {}) {
  const written: string[] = [];
  const calls: string[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk.toString('hex'));
      if (takesWrites) done();
    },
  });
  const peer = new LeanPeer(socket as unknown as Socket /* the part that a peer uses */, {
    onControlFrame: () => calls.push('control'),
    onClosing: () => calls.push('closing'),
    onSocketClosed: () => calls.push('socket closed'),
    onClose: (code) => calls.push(`close ${code}`),
  });
  return { peer, socket, written, calls };
}

const normalClose = Buffer.from('03e8', 'hex');

describe('a peer without ws', () => {
  it('gets a pong with the payload of its ping', () => {
    const { peer, written, calls } = peerUnderTest();
    expect(peer.receive(OPCODE_PING, Buffer.from('0102', 'hex'))).toBe(true);
    expect(peer.receive(OPCODE_PONG, Buffer.from('03', 'hex'))).toBe(true);
    expect(written).toEqual(['8a020102']);
    expect(calls).toEqual(['control', 'control']);
  });

  it('is cut off if it sends pings and reads none of the answers', () => {
    const { peer, socket } = peerUnderTest({ takesWrites: false });
    for (let i = 0; i < MAX_PENDING_PONGS; i++) peer.receive(OPCODE_PING, Buffer.alloc(0));
    expect(socket.destroyed).toBe(false);
    peer.receive(OPCODE_PING, Buffer.alloc(0));
    expect([socket.destroyed, peer.isOpen]).toEqual([true, false]);
  });

  it('gets its Close frame back, and then the end of the socket', async () => {
    const { peer, socket, written, calls } = peerUnderTest();
    expect(peer.receive(OPCODE_CLOSE, Buffer.from('0fa06f6b', 'hex'))).toBe(true);
    expect([peer.isOpen, peer.hasReceivedClose]).toEqual([false, true]);
    await turns(2);
    expect([written, socket.writableFinished]).toEqual([['88040fa06f6b'], true]);
    socket.destroy();
    await turns(2);
    expect(calls).toEqual(['closing', 'socket closed', 'close 4000']);
  });

  it('gets one Close frame if this side closes, and the end of the socket after its answer', async () => {
    const { peer, socket, written } = peerUnderTest();
    peer.close(1001, 'bye');
    peer.close(1000, 'again');
    await turns(2);
    expect([written, socket.writableEnded]).toEqual([['880503e9627965'], false]);
    peer.receive(OPCODE_CLOSE, normalClose);
    await turns(2);
    expect([written, socket.writableFinished]).toEqual([['880503e9627965'], true]);
  });

  it('gets no pong after a Close frame', () => {
    const { peer, written } = peerUnderTest();
    peer.close(1000, '');
    peer.receive(OPCODE_PING, Buffer.alloc(0));
    expect(written).toEqual(['880203e8']);
  });

  it('leaves an invalid Close frame to ws', () => {
    const { peer, written } = peerUnderTest();
    expect(peer.receive(OPCODE_CLOSE, Buffer.of(3))).toBe(false);
    expect([peer.isOpen, peer.hasReceivedClose, written]).toEqual([true, false, []]);
  });

  it('is abnormal if the socket ends without a Close frame', async () => {
    const { peer, socket, calls } = peerUnderTest();
    socket.emit('end');
    await turns(2);
    expect([socket.destroyed, peer.isOpen]).toEqual([true, false]);
    expect(calls).toEqual(['socket closed', 'close 1006']);
  });

  it('gets the buffered bytes before the end of the socket', async () => {
    const { socket, written, calls } = peerUnderTest({ takesWrites: false });
    socket.write(Buffer.of(1));
    socket.emit('end');
    await turns(2);
    expect([written, socket.destroyed, socket.writableEnded]).toEqual([['01'], false, true]);
    expect(calls).toEqual(['closing']);
  });

  it('no longer reports anything after its release', async () => {
    const { peer, socket, calls } = peerUnderTest();
    peer.release();
    socket.destroy();
    await turns(2);
    expect(calls).toEqual([]);
  });
});

describe('peers that end their side at once', () => {
  it('are closed in order, a limited number per turn of the event loop', async () => {
    const peers = Array.from({ length: 40 }, () => peerUnderTest());
    await turns(1); // a new turn has its whole budget
    const closed = (): number => peers.filter(({ peer }) => !peer.isOpen).length;
    for (const { socket } of peers) socket.emit('end');
    expect(closed()).toBe(16);
    expect(peers.slice(0, 16).every(({ peer }) => !peer.isOpen)).toBe(true);
    for (let turn = 0, before = closed(); turn < 4; turn++, before = closed()) {
      await turns(1);
      expect(closed() - before).toBeLessThanOrEqual(16);
    }
    expect(closed()).toBe(40);
  });
});

describe('the payload of a Close frame', () => {
  it.each([
    ['', 1005],
    ['03e8', 1000],
    ['03ed6f6b', undefined], // 1005 must not be sent
    ['03ee', undefined],
    ['03ec', undefined],
    ['03f6', 1014],
    ['03f7', undefined],
    ['03e7', undefined],
    ['07d0', undefined], // 2000
    ['0bb8', 3000],
    ['1387', 4999],
    ['1388', undefined],
    ['03', undefined],
    ['03e8ff', undefined], // not UTF-8
    ['03e8c3a4', 1000],
  ])('%s has the code %s', (payload, code) => {
    expect(closeCodeOf(Buffer.from(payload, 'hex'))).toBe(code);
  });

  it('contains the text as UTF-8', () => {
    expect(Buffer.from(closeFrame(1008, 'ä')).toString('hex')).toBe('880403f0c3a4');
  });
});
