import { describe, expect, it } from '@jest/globals';
import { createActor, SimulatedClock } from 'xstate';
import { type Grant, silentLogger } from '../../../src/core/ports.js';
import { routerLogic } from '../../../src/actors/router/router-logic.js';
import type { Message, SignalDefinition } from '../../../src/protocol/messages/message.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { coreDefaults, CoreHarness, type Peer } from '../../support/core-harness.js';

const scopes: Grant['scopes'] = [{ action: 'admin', pattern: parsePattern('/**') }];
const signal = (address: string, more: Partial<SignalDefinition> = {}): SignalDefinition => ({
  address,
  type: 'param',
  ...more,
});

/** A router that watches tokens, and the watched tokens. */
function setUp(): { harness: CoreHarness; watched: Set<string>; join: (tokenId: string) => Peer } {
  const watched = new Set<string>();
  const harness = new CoreHarness({
    securityMode: 'authenticated',
    checkAnnounced: true,
    watchToken: ({ tokenId }) => {
      watched.add(tokenId);
      return () => watched.delete(tokenId);
    },
  });
  return { harness, watched, join: (tokenId) => harness.joinWith({ tokenId, scopes }) };
}

function schedule(harness: CoreHarness, peer: Peer, address: string): void {
  const messages: Message[] = [{ type: 'set', address, value: encodeValue(1) }];
  peer.send({ type: 'bundle', timestamp: harness.nowMicros + 10_000_000, messages }, { qos: 0 });
}

function announced(harness: CoreHarness, peer: Peer): string[] {
  peer.send({ type: 'query', pattern: '/**' });
  harness.settle();
  return peer
    .read()
    .flatMap((message) => (message.type === 'result' ? message.signals.map(({ address }) => address) : []));
}

describe('a revoked token', () => {
  it('loses the announcements and scheduled bundles of its sessions, including those of ended sessions', () => {
    const { harness, join } = setUp();
    const [gone, here, desk] = [join('guest'), join('guest'), join('desk')];
    for (const [i, peer] of [gone, here, desk].entries()) {
      peer.send({ type: 'announce', namespace: '', signals: [signal(`/${i}`)] });
      schedule(harness, peer, `/${i}`);
      peer.read();
    }
    gone.leave();
    harness.core.revoke('guest');
    expect(announced(harness, desk)).toEqual(['/2']);
    expect(harness.core.statistics().counts).toMatchObject({ signals: 1, pendingBundles: 1 });
    desk.subscribe(1, '/**');
    harness.advance(10);
    expect(desk.read()).toMatchObject([{ type: 'set', address: '/2' }]);
  });

  it('loses them after its last session has ended too', () => {
    const { harness, watched, join } = setUp();
    const [guest, desk] = [join('guest'), join('desk')];
    guest.send({ type: 'announce', namespace: '', signals: [signal('/a')] });
    guest.leave();
    expect(watched).toEqual(new Set(['guest', 'desk'])); // it has stored items
    harness.core.revoke('guest');
    expect(announced(harness, desk)).toEqual([]);
    expect(watched).toEqual(new Set(['desk']));
  });

  it('does not affect the announcements of others; sessions that only end keep theirs', () => {
    const { harness, join } = setUp();
    const [guest, desk] = [join('guest'), join('desk')];
    guest.send({ type: 'announce', namespace: '', signals: [signal('/a'), signal('/b')] });
    desk.send({ type: 'announce', namespace: '', signals: [signal('/b')] });
    guest.leave();
    desk.read();
    expect(announced(harness, desk)).toEqual(['/a', '/b']);
    harness.core.revoke('guest');
    expect(announced(harness, desk)).toEqual(['/b']);
  });

  it('with very many items is cleaned up in several turns, and all of them are invisible at once', () => {
    const { harness, join } = setUp();
    const [guest, desk] = [join('guest'), join('desk')];
    const range = { meta: { range: [0, 1] } } as const;
    for (let i = 0; i < 5; i++) {
      const signals = Array.from({ length: 1_000 }, (_, k) => signal(`/${i}/${k}`, range));
      guest.send({ type: 'announce', namespace: '', signals });
    }
    desk.set('/4/999', 2);
    expect(desk.read()).toMatchObject([{ type: 'error', code: 402 }]);
    for (let i = 0; i < 500; i++) schedule(harness, guest, '/later');
    const before = harness.core.steps;
    harness.core.revoke('guest');
    expect(harness.core.steps - before).toBeLessThan(20_000);
    expect(harness.core.signalCount).toBeGreaterThan(4_000);
    desk.set('/4/999', 2);
    expect(desk.read()).toMatchObject([{ type: 'ack' }]);
    desk.subscribe(1, '/later');
    harness.advance(10);
    expect(desk.read()).toEqual([]);
    harness.settle();
    expect(harness.core.statistics().counts).toMatchObject({ signals: 0, pendingBundles: 0 });
  });

  it('that is issued again is a new owner: later announcements stay', () => {
    const { harness, watched, join } = setUp();
    const former = join('guest');
    harness.core.revoke('guest');
    const later = join('guest');
    later.send({ type: 'announce', namespace: '', signals: [signal('/a')] });
    later.read();
    former.leave();
    harness.settle();
    expect(announced(harness, later)).toEqual(['/a']);
    expect(watched).toEqual(new Set(['guest']));
  });
});

describe('the router actor', () => {
  it('revokes a token when the authenticator reports it', () => {
    const listeners = new Map<string, () => void>();
    const clock = new SimulatedClock();
    const router = createActor(routerLogic, {
      input: {
        ...coreDefaults,
        securityMode: 'authenticated',
        highWaterBytes: 1 << 20,
        maxSendBufferBytes: 0,
        clock,
        logger: silentLogger,
        authenticator: {
          onRevoked: ({ tokenId }, listener) => {
            listeners.set(tokenId, listener);
            return () => listeners.delete(tokenId);
          },
        },
      },
    }).start();
    const { session } = new CoreHarness().connect();
    const send = (message: Message): void => {
      const frames = [{ message, qos: 0, encoding: 'binary' }] as const;
      router.send({ type: 'inbound.batch', batches: [{ session, frames, receivedMicros: 0 }] });
    };
    send({ type: 'hello', version: 1, name: 'guest', features: [], token: 'token' });
    session.phase = 'active'; // as the session machine sets it
    const grant: Grant = { tokenId: 'guest', subject: undefined, scopes, constraints: [], expiresAtSeconds: undefined };
    router.send({ type: 'session.authenticated', session, grant });
    send({ type: 'announce', namespace: '', signals: [signal('/a')] });
    expect(router.getSnapshot().announcedSignals).toBe(1);
    session.phase = 'closed';
    router.send({ type: 'session.closed', session, departure: 'left' });
    listeners.get('guest')!(); // it is watched while it has stored items
    expect(router.getSnapshot().announcedSignals).toBe(0);
    expect(listeners.size).toBe(0);
    router.stop();
  });
});
