import { createConnection, type Socket } from 'node:net';
import { expect } from '@jest/globals';
import { encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { framed } from '../support/frames.js';
import { turns } from '../support/inbox.js';
import { maskedMessage, RawSocket, upgradeRequest } from '../support/raw-socket.js';
import { answered, type Attacker, hello, say } from './support/attacker.js';
import { type Attack, describeAttacks } from './support/attacks.js';
import { eventually } from './support/eventually.js';
import type { Stage, TransportName } from './support/stage.js';

const HELLO = encodeFrame(hello);
const doorMs = 10_000;

/** Opens a socket to a listener of a stream transport. */
function socketTo(stage: Stage, transport: 'websocket' | 'tcp' | 'pipe'): Socket {
  const socket =
    transport === 'pipe'
      ? createConnection(stage.urls.get('pipe')!.slice('unix:'.length))
      : createConnection(stage.portOf(transport), '127.0.0.1');
  socket.on('error', () => undefined); // a `close` follows
  return socket.resume();
}

const filler = encodeValue('x'.repeat(60_000));

/** Brings a session into each of its states, over any transport that has them. */
const states: Readonly<Record<string, (attacker: Attacker, stage: Stage) => Promise<void>>> = {
  awaitingHello: async () => turns(2),
  'in the middle of HELLO': async (attacker) => {
    attacker.send([HELLO.subarray(0, HELLO.length - 3)]);
    await turns(2);
  },
  active: async (attacker) => {
    say(attacker, hello);
    await answered(attacker);
  },
  'holding a lock, a gesture, a bundle and a subscription': async (attacker, stage) => {
    const at = (stage.clock.now() + 1_000) * 1_000;
    say(
      attacker,
      hello,
      { type: 'set', address: '/held', value: encodeValue(1), lock: true },
      { type: 'publish', address: '/g', signal: 'gesture', id: 1, phase: 'start', value: encodeValue(1) },
      { type: 'bundle', timestamp: at, messages: [{ type: 'set', address: '/held', value: encodeValue(2) }] },
      { type: 'subscribe', id: 1, pattern: '/**', options: { maxRate: 1, window: 50 } },
      { type: 'publish', address: '/clasp/p2p/announce', signal: 'event', value: encodeValue(true) },
    );
    await answered(attacker);
  },
  congested: async (attacker, stage) => {
    say(attacker, hello, { type: 'set', address: '/large', value: filler });
    await answered(attacker);
    attacker.stall();
    const read = (): number => stage.router.statistics().messages.get!; // every type is counted
    while (stage.router.statistics().counts.congested === 0) {
      const end = read() + 20;
      say(attacker, ...Array.from({ length: 20 }, (): Message => ({ type: 'get', address: '/large' })));
      await eventually(() => read() >= end, 'the router to read on');
    }
  },
  draining: async (attacker) => {
    say(attacker, { type: 'ping' }); // not HELLO: the router answers with ERROR and closes
    await turns(1);
  },
};

const attacks: readonly Attack[] = [
  {
    name: 'an upgrade to WebSocket that never ends',
    over: ['websocket'],
    async run(stage) {
      const request = upgradeRequest().slice(0, -2);
      const all: { readonly raw: RawSocket; isClosed: boolean }[] = [];
      for (let i = 0; i < 50; i++) {
        const visitor = { raw: await RawSocket.connect(stage.portOf('websocket')), isClosed: false };
        visitor.raw.socket.on('end', () => (visitor.isClosed = true));
        void visitor.raw.closed.then(() => (visitor.isClosed = true));
        all.push(visitor);
      }
      for (const [at, byte] of Buffer.from(request).entries()) {
        for (const { raw } of all) raw.write(Uint8Array.of(byte));
        await turns(1);
        if (at % 20 === 0) stage.doorClock.increment(doorMs / 40);
        if (at % 50 === 0) await stage.bystanders.exchange();
      }
      expect(all.some(({ isClosed }) => isClosed)).toBe(false);
      stage.doorClock.increment(doorMs); // the timeout is absolute, however slowly bytes arrive
      await eventually(() => all.every(({ isClosed }) => isClosed), 'the end of all of them');
      expect(stage.router.statistics().rejectedConnections.timeout).toBe(50);
    },
  },
  {
    name: 'a HELLO that never ends',
    over: ['websocket', 'tcp', 'pipe', 'quic'],
    async run(stage, transport) {
      const bytes =
        transport === 'websocket' ? maskedMessage(HELLO) : framed(transport === 'quic' ? 'raw' : 'length', [HELLO]);
      const dribble = await dribblerOf(stage, transport);
      for (const byte of bytes.subarray(0, -1)) {
        dribble.write(Uint8Array.of(byte));
        await turns(2);
      }
      await stage.bystanders.exchange();
      // QUIC reports a stream at its first byte, which takes a packet or two.
      await eventually(() => stage.router.sessionCount === 3, 'the session');
      await stage.pass(9_999);
      await turns(5);
      expect(stage.router.sessionCount).toBe(3);
      await stage.pass(1);
      await stage.pass(1_000); // it does not read the close
      await stage.doorClock.pass(2_000);
      await eventually(() => stage.router.sessionCount === 2, 'the end of the session');
      expect(stage.log.lines.filter(({ message }) => message === 'session ended').at(-1)).toMatchObject({
        fields: { reason: 'helloTimeout', text: 'no HELLO within 10 s' },
      });
      dribble.end();
    },
  },
  {
    name: 'a thousand clients that connect at once and send nothing',
    options: { maxSessions: 200 },
    over: ['websocket', 'tcp', 'pipe'],
    async run(stage, transport) {
      // The sessions are the limit for streams. A WebSocket before its upgrade is no session yet, and has the
      // listener's deadline.
      const name = transport as 'websocket' | 'tcp' | 'pipe';
      const sockets: Socket[] = [];
      let closed = 0;
      for (let i = 0; i < 1_000; i++) {
        const socket = socketTo(stage, name);
        socket.on('close', () => closed++);
        socket.on('end', () => socket.end()); // answers the close
        sockets.push(socket);
        if (i % 100 === 99) await stage.bystanders.exchange();
      }
      if (name === 'websocket') {
        while (closed < 1_000) {
          stage.doorClock.increment(doorMs); // for the last accepted ones, too
          await stage.bystanders.exchange();
        }
      } else {
        await eventually(() => closed === 802, 'the clients above the limit to be closed');
        expect(stage.router.sessionCount).toBe(200);
        await stage.pass(doorMs);
      }
      await eventually(() => closed === 1_000, 'all to be closed');
      await eventually(() => stage.router.sessionCount === 2, 'their sessions to end');
    },
  },
  {
    name: 'many clients that connect and send nothing',
    options: { maxSessions: 12 },
    over: ['websocket', 'quic'],
    async run(stage, transport) {
      const all: Attacker[] = [];
      for (let i = 0; i < 20; i++) {
        const attacker = await stage.connect(transport);
        if (transport === 'quic') attacker.send([HELLO.subarray(0, 1)]); // a stream begins with its first byte
        all.push(attacker);
        await stage.bystanders.exchange();
      }
      await eventually(
        () => all.filter(({ isOver }) => isOver).length === 10,
        'the clients above the limit to be closed',
      );
      for (const attacker of all.filter(({ isOver }) => isOver)) {
        expect(attacker.messages).toMatchObject([
          { type: 'error', code: 503, message: 'Too many sessions: the limit is 12' },
        ]);
      }
      await stage.pass(doorMs);
      await eventually(() => all.every(({ isOver }) => isOver), 'the others to be closed');
      expect(
        all.flatMap(({ messages }) => messages).filter((message) => message.type === 'error' && message.code === 502),
      ).toMatchObject(Array.from({ length: 10 }, () => ({ message: 'no HELLO within 10 s' })));
    },
  },
  ...Object.entries(states).map(([state, enter]): Attack => ({
    name: `a client that disconnects while ${state}`,
    options: { highWaterBytes: 65_536 },
    over: ['websocket', 'tcp', 'pipe', 'quic'],
    async run(stage, transport) {
      for (const how of ['vanish', 'leave', 'vanish', 'leave'] as const) {
        const attacker = await stage.connect(transport);
        await enter(attacker, stage);
        attacker[how]();
        await stage.bystanders.exchange();
        await stage.pass(1_000); // for the bundle, and for the client that does not read the close
        await eventually(() => stage.router.sessionCount === 2, 'the session to end');
      }
      // Its lock is released.
      const next = await stage.join(transport);
      say(next, { type: 'set', address: '/held', value: encodeValue(3), lock: true });
      await answered(next);
      expect(next.messages.filter(({ type }) => type === 'error')).toEqual([]);
    },
    leaves: ({ pendingBundles }) => {
      expect(pendingBundles).toBe(0);
    },
  })),
];

describeAttacks(attacks);

/** The raw stream of a transport, to send single bytes. */
async function dribblerOf(
  stage: Stage,
  transport: TransportName,
): Promise<{ write(bytes: Uint8Array): void; end(): void }> {
  switch (transport) {
    case 'websocket': {
      const raw = await RawSocket.upgrade(stage.portOf('websocket'));
      return {
        write: (bytes) => {
          raw.write(bytes);
        },
        end: () => {
          raw.destroy();
        },
      };
    }
    case 'quic': {
      const attacker = await stage.connect('quic');
      return {
        write: (bytes) => {
          attacker.send([bytes]);
        },
        end: () => undefined,
      };
    }
    default: {
      const socket = socketTo(stage, transport === 'pipe' ? 'pipe' : 'tcp');
      return {
        write: (bytes) => void socket.write(bytes),
        end: () => {
          socket.destroy();
        },
      };
    }
  }
}
