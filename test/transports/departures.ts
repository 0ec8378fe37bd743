import { describe, expect, it } from '@jest/globals';
import { closeFrame } from '../../src/protocol/close-message.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import type { Value } from '../../src/protocol/values/value.js';
import { createRouter } from '../../src/router/create-router.js';
import type { Router } from '../../src/router/router.js';
import type { Listener, Transport } from '../../src/transports/transport.js';
import type { CloseReason } from '../../src/util/close-reason.js';
import { until } from '../support/inbox.js';
import type { Peer, TransportUnderTest } from './conformance.js';

export interface DeparturesUnderTest extends Required<
  Pick<TransportUnderTest, 'create' | 'connect' | 'closeIsLeaving'>
> {
  /** Waits until the peer is notified of the end, as far as its transport supports it. */
  readonly expectToldEnd: (peer: Peer, end: CloseReason['kind'] | 'lost') => Promise<void>;
}

const hello = encodeFrame({ type: 'hello', version: 1, name: 'desk', features: [] });

const close = (peer: Peer): void => {
  peer.close();
};
const leave = (peer: Peer): void => {
  peer.send([closeFrame()]);
};
const leaveAndClose = (peer: Peer): void => {
  leave(peer);
  close(peer);
};
const cut = (peer: Peer): void => {
  peer.destroy();
};

/**
 * Tests what the router does for each way in which a session over a transport can end (docs/reference/protocol.md, "Leaving").
 */
export function describeDepartures(
  name: string,
  { create, connect, closeIsLeaving, expectToldEnd }: DeparturesUnderTest,
): void {
  async function listen(router: Router): Promise<{ transport: Transport; listener: Listener }> {
    const transport = create();
    let listener: Listener | undefined;
    await router.listen({ name, listen: async () => (listener = await transport.listen()) });
    return { transport, listener: listener! }; // invariant: the router has just called listen()
  }

  describe(`a session over ${name}`, () => {
    it.each([
      ['sends the close message', leave, 'left'],
      ['sends the close message and closes', leaveAndClose, 'left'],
      ['closes without it', close, closeIsLeaving ? 'left' : 'lost'],
      ['is cut', cut, 'lost'],
    ] as const)('publishes for %s the last will and the presence of that kind of end', async (_, end, kind) => {
      const router = createRouter();
      const ends: unknown[] = [];
      router.on('session.closed', (happening) => void ends.push(happening.end.kind));
      const watcher = await router.connect();
      const reasons: unknown[] = [];
      await watcher.on('/$clasp/sessions/*/disconnect', ({ value }) => {
        reasons.push((value as ReadonlyMap<string, unknown>).get('reason')); // invariant: presence events have maps
      }).ready;
      try {
        const { transport, listener } = await listen(router);
        const peer = await connect(transport, listener);
        peer.send([hello, encodeFrame(willThatSets('/desk/lost'))]);
        await peer.receive(3); // WELCOME, SNAPSHOT, ACK
        end(peer);
        await until(() => reasons.length > 0);
        expect([ends, reasons]).toEqual([[kind], [kind]]);
        expect((await watcher.get('/desk/lost'))?.value).toBe(kind === 'lost' ? true : undefined);
      } finally {
        await watcher.close();
        await router.stop();
      }
    });

    // A WebSocket peer reads nothing after it has sent its Close frame.
    const itOnByteStreams = closeIsLeaving ? it.skip : it;
    itOnByteStreams('gets its answers even if it ends its side after its last frames', async () => {
      const router = createRouter();
      try {
        const { transport, listener } = await listen(router);
        const peer = await connect(transport, listener);
        const ping = encodeFrame({ type: 'ping' });
        peer.send([hello, ping, ping]);
        close(peer);
        await expectToldEnd(peer, 'normal');
        expect(await peer.receive(4)).toHaveLength(4); // WELCOME, SNAPSHOT and the PONGs
      } finally {
        await router.stop();
      }
    });

    it('is closed by the router in reply to its close message, after the answers to earlier messages', async () => {
      const router = createRouter();
      try {
        const { transport, listener } = await listen(router);
        const peer = await connect(transport, listener);
        const ping = encodeFrame({ type: 'ping' });
        peer.send([hello, ping, closeFrame(), ping]);
        await expectToldEnd(peer, 'normal');
        // Invariant: binary.
        const answers = (await peer.receive(3)).map((frame) => decodeFrame(frame as Uint8Array).message.type);
        expect(answers).toEqual(['welcome', 'snapshot', 'pong']);
      } finally {
        await router.stop();
      }
    });
  });
}

/** Returns a last will that sets a param, in the form of compact binary. */
function willThatSets(address: string): Message {
  const set = new Map<string, Value>([
    ['type', 'set'],
    ['address', address],
    ['value', true],
  ]);
  const will = encodeValue(new Map<string, Value>([['messages', [set]]]));
  return {
    type: 'announce',
    namespace: '/desk',
    signals: [{ address: '/$clasp/will', type: 'event', meta: { default: will } }],
  };
}
