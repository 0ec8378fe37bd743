import { describe, expect, it } from '@jest/globals';
import { ErrorCode } from '../../../src/protocol/errors.js';
import { CoreHarness, plain, START_MICROS } from '../../support/core-harness.js';

const hello = { type: 'hello', version: 1, name: 'probe', features: ['param', 'event'] } as const;

describe('HELLO', () => {
  it('is answered by WELCOME with the router’s clock, then by a SNAPSHOT even if it is empty', () => {
    const harness = new CoreHarness();
    const peer = harness.connect();
    peer.send(hello);
    expect(plain(peer.read())).toEqual([
      {
        type: 'welcome',
        version: 1,
        session: peer.id,
        name: 'Test Router',
        features: ['param', 'event', 'stream', 'gesture', 'timeline'],
        time: START_MICROS,
      },
      { type: 'snapshot', params: [] },
    ]);
    expect(peer.events).toEqual([{ type: 'hello.accepted', name: 'probe', features: ['param', 'event'] }]);
  });

  it.each([0, 1, 2, 99])('is accepted with any claimed version (%i)', (version) => {
    const peer = new CoreHarness().connect();
    peer.send({ ...hello, version });
    expect(peer.read()[0]?.type).toBe('welcome');
  });

  it('ignores any token in open mode', () => {
    const peer = new CoreHarness().connect();
    peer.send({ ...hello, token: 'garbage' });
    expect(peer.read()[0]?.type).toBe('welcome');
  });

  it.each([undefined, ''])('is refused on a router with authentication with the token %p', (token) => {
    const peer = new CoreHarness({ securityMode: 'authenticated' }).connect();
    peer.send({ ...hello, token });
    expect(peer.read()).toEqual([]);
    const error = { code: ErrorCode.Unauthorized, message: 'Authentication required' };
    expect(peer.events).toMatchObject([{ type: 'hello.refused', error }]);
  });

  it('a second time is ERROR 101, and the session is unchanged', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.subscribe(1, '/a');
    peer.send({ ...hello, name: 'other' });
    peer.set('/a', 1);
    expect(plain(peer.read())).toEqual([
      { type: 'error', code: 101, message: 'Duplicate HELLO' },
      { type: 'set', address: '/a', value: 1, revision: 1 },
      { type: 'ack', address: '/a', revision: 1 },
    ]);
    expect(peer.session.name).toBe('peer');
  });

  it('must come first: any other message is refused without effect', () => {
    const harness = new CoreHarness();
    const peer = harness.connect();
    peer.set('/a', 1);
    expect(peer.events).toMatchObject([
      { type: 'hello.refused', error: { code: 101, message: 'The first message must be HELLO, not set' } },
    ]);
    expect(harness.core.paramCount).toBe(0);
    peer.send(hello); // too late
    expect(peer.read()).toEqual([]);
  });
});
