import { describe, expect, it } from '@jest/globals';
import { ClaspError, createRouter, ErrorCode } from '../../src/index.js';
import { memory } from '../../src/transports/index.js';
import { encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { turns, until } from '../support/inbox.js';
import { hello, routers, startRouter, Client } from './router-under-test.js';

describe('the statistics of a router', () => {
  it('count messages by type, errors by code, bytes in both directions and refused sessions', async () => {
    const { router, transport } = await startRouter({
      authenticator: {
        authenticate: (token) =>
          token === 'good'
            ? Promise.resolve({
                tokenId: '1',
                subject: undefined,
                scopes: [],
                constraints: [],
                expiresAtSeconds: undefined,
              })
            : Promise.reject(new ClaspError(ErrorCode.Unauthorized, 'Invalid token: token not found')),
        onRevoked: () => () => undefined,
      },
    });
    const [good, bad] = [new Client(transport), new Client(transport)];
    good.send({ ...hello, token: 'good' });
    bad.send({ ...hello, token: 'bad' });
    await until(() => good.inbox.frames.length >= 2 && bad.inbox.end !== undefined);
    good.send({ type: 'get', address: '/a' }, { type: 'ping' }, { type: 'ping' });
    await until(() => good.inbox.frames.length >= 5);
    const { messages, errors, totals, authFailures, counts, rejectedConnections } = router.statistics();
    expect(messages).toMatchObject({ hello: 2, get: 1, ping: 2, set: 0 });
    expect(errors).toEqual({ [ErrorCode.Unauthorized]: 1, [ErrorCode.Forbidden]: 1 });
    expect(authFailures).toBe(1);
    expect(counts.sessions).toBe(1);
    const sent = good.inbox.frames.reduce((sum, frame) => sum + frame.length, 0);
    expect(totals.sentBytes).toBeGreaterThanOrEqual(sent);
    const asked = [hello, { type: 'get', address: '/a' }, { type: 'ping' }, { type: 'ping' }] as const;
    expect(totals.receivedBytes).toBeGreaterThan(
      asked.reduce((sum, message) => sum + encodeFrame(message).length, 0), // and the token
    );
    expect(rejectedConnections).toEqual({ handshake: 0, timeout: 0, refused: 0, unsolicited: 0 });
  });

  it('report ready while all listeners are open', async () => {
    const router = createRouter();
    routers.push(router);
    expect(router.isReady).toBe(true);
    let open = (): void => undefined;
    const slow = memory();
    const opening = router.listen({
      name: 'slow',
      listen: () => new Promise((resolve) => (open = () => void slow.listen().then(resolve))),
    });
    await turns();
    expect(router.isReady).toBe(false);
    open();
    await opening;
    expect(router.isReady).toBe(true);
    const stopped = router.stop();
    expect(router.isReady).toBe(false);
    await stopped;
    expect(() => router.statistics()).toThrow(expect.objectContaining({ code: 'CLASP_ERR_ROUTER_STOPPED' }));
  });

  it('show hidden params after a notification that the filter has changed', async () => {
    let visible = false;
    const { router, transport } = await startRouter({ isVisible: () => visible });
    const [hearer, speaker] = [new Client(transport), new Client(transport)];
    hearer.send(hello, { type: 'subscribe', id: 1, pattern: '/**' });
    speaker.send(hello);
    await until(() => hearer.inbox.frames.length >= 2 && speaker.inbox.frames.length >= 2);
    const set: Message = { type: 'set', address: '/a', value: encodeValue(1) };
    speaker.send(set);
    await until(() => speaker.inbox.frames.length >= 3); // the ACK
    expect(hearer.inbox.frames).toHaveLength(2);
    visible = true;
    router.refreshVisibility();
    speaker.send(set);
    await until(() => hearer.inbox.frames.length >= 3);
  });
});
