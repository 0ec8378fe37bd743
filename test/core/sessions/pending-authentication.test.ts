import { describe, expect, it } from '@jest/globals';
import { ErrorCode } from '../../../src/protocol/errors.js';
import { plain } from '../../support/core-harness.js';
import { scopes, router, write } from '../../support/scoped-sessions.js';

describe('messages after a HELLO whose token is being checked', () => {
  it('wait, and are handled after WELCOME in order', () => {
    const harness = router();
    const peer = harness.connect();
    peer.send({ type: 'hello', version: 1, name: 'hasty', features: ['param'], token: 'token' });
    peer.subscribe(1, '/a');
    peer.set('/a', 1);
    expect(peer.read()).toEqual([]);
    peer.admit(scopes('admin:/**'));
    expect(peer.read().map(({ type }) => type)).toEqual(['welcome', 'snapshot', 'set', 'ack']);
    expect(peer.session.pending).toBeUndefined();
  });

  it('are copied, because their buffer is reused', () => {
    const harness = router();
    const peer = harness.connect();
    const message = write('/a', 'before');
    peer.send({ type: 'hello', version: 1, name: 'hasty', features: ['param'], token: 'token' });
    peer.send(message);
    if (message.type === 'set') message.value.bytes.fill(0x78);
    peer.admit(scopes('admin:/**'));
    peer.read();
    peer.send({ type: 'get', address: '/a' });
    expect(plain(peer.read())).toMatchObject([{ params: [{ value: 'before' }] }]);
  });

  it('are refused from the 257th on', () => {
    const peer = router().connect();
    peer.send({ type: 'hello', version: 1, name: 'flood', features: ['param'], token: 'token' });
    for (let i = 0; i < 256; i++) peer.send({ type: 'ping' });
    expect(peer.events).toMatchObject([{ type: 'hello.received' }]);
    peer.send({ type: 'ping' });
    expect(peer.events.at(-1)).toMatchObject({ type: 'hello.refused', error: { code: ErrorCode.RateLimited } });
  });

  it('are refused beyond 262,144 bytes', () => {
    const peer = router().connect();
    const { traffic } = peer.session; // counted by the inbound pipeline
    traffic.receivedBytes += 1_000_000;
    peer.send({ type: 'hello', version: 1, name: 'flood', features: ['param'], token: 'token' });
    traffic.receivedBytes += 262_144;
    peer.send({ type: 'ping' });
    expect(peer.events).toMatchObject([{ type: 'hello.received' }]);
    traffic.receivedBytes += 1;
    peer.send({ type: 'ping' });
    expect(peer.events.at(-1)).toMatchObject({ type: 'hello.refused', error: { code: ErrorCode.RateLimited } });
  });
});
