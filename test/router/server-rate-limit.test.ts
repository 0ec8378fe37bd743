import { afterEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import type { Authenticator } from '../../src/core/ports.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message, SetMessage } from '../../src/protocol/messages/message.js';
import { parseScopes } from '../../src/protocol/scope.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { createRouter } from '../../src/router/create-router.js';
import type { Router } from '../../src/router/router.js';
import { memory } from '../../src/transports/memory/index.js';
import { Inbox, turns } from '../support/inbox.js';

let router: Router | undefined;
afterEach(() => router?.stop());

/** Grants every token the scope `admin:/**`. */
const adminForAll: Authenticator = {
  authenticate: () =>
    Promise.resolve({
      tokenId: '1',
      subject: undefined,
      scopes: parseScopes('admin:/**'),
      constraints: [],
      expiresAtSeconds: undefined,
    }),
  onRevoked: () => () => undefined,
};

/** One frame of a DMX universe: 512 SETs in one bundle. */
function universe(level: number): Message {
  const messages = Array.from({ length: 512 }, (_, i): SetMessage => ({
    type: 'set',
    address: `/dmx/1/${i + 1}`,
    value: encodeValue(BigInt(level)),
  }));
  return { type: 'bundle', messages };
}

describe('the default rate limit in authenticated mode', () => {
  it('passes every frame of a DMX universe of 512 SETs per bundle at 40 Hz', async () => {
    const clock = new SimulatedClock();
    router = createRouter({ clock, authenticator: adminForAll });
    const transport = memory({ clock });
    await router.listen(transport);
    const link = transport.connect();
    const inbox = new Inbox(link.batches$);
    link.write(encodeFrame({ type: 'hello', version: 1, name: 'desk', features: [], token: 'any' }));
    await inbox.receive(2);

    const frames = 40 * 10;
    for (let i = 0; i < frames; i++) {
      link.write(encodeFrame(universe(i % 256), { qos: 1 }));
      clock.increment(25);
      await turns(2);
    }
    expect(router.statistics().drops.rateLimited).toBe(0);
    await inbox.receive(2 + frames);

    const replies = inbox.frames.slice(2).map((frame) => decodeFrame(frame as Uint8Array).message);
    expect(new Set(replies.map(({ type }) => type))).toEqual(new Set(['ack']));
  });
});
