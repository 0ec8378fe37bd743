import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../../src/protocol/messages/message.js';
import { parseScopes } from '../../../src/protocol/scope.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness } from '../../support/core-harness.js';

const value = encodeValue(1);
const set: Message = { type: 'set', address: '/a', value };
const publish: Message = { type: 'publish', address: '/a', signal: 'event', value };
const bundle: Message = { type: 'bundle', messages: [set] };
const announce: Message = { type: 'announce', namespace: '/a', signals: [{ address: '/a', type: 'param' }] };

describe('a session has written', () => {
  it.each([set, publish, bundle, announce])('after $type was accepted', (message) => {
    const peer = new CoreHarness().join();
    expect(peer.session.hasWritten).toBe(false);
    peer.send(message);
    expect(peer.session.hasWritten).toBe(true);
  });

  it('while its BUNDLE is scheduled', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.send({ type: 'bundle', timestamp: harness.nowMicros + 1_000_000, messages: [set] });
    expect(peer.session.hasWritten).toBe(true);
  });

  it.each([set, publish, bundle])('not after $type was refused', (message) => {
    const peer = new CoreHarness({ securityMode: 'authenticated' }).joinWith({ scopes: parseScopes('read:/**') });
    peer.send(message);
    expect(peer.read()).toMatchObject([{ type: 'error', code: 301 }]);
    expect(peer.session.hasWritten).toBe(false);
  });

  it('not after it has read', () => {
    const peer = new CoreHarness().join();
    for (const message of [
      { type: 'get', address: '/a' },
      { type: 'query', pattern: '/**' },
      { type: 'ping' },
    ] as const)
      peer.send(message);
    expect(peer.session.hasWritten).toBe(false);
  });
});
