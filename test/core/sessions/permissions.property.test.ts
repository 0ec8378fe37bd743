import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Message } from '../../../src/protocol/messages/message.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { type Scope, scopesAllow } from '../../../src/protocol/scope.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

const segment = fc.constantFrom('a', 'b', 'ab', 'c');
const path = (segments: readonly string[]): string => `/${segments.join('/')}`;
const address = fc.array(segment, { minLength: 1, maxLength: 3 }).map(path);
const patternText = fc
  .array(fc.oneof(segment, fc.constantFrom('*', '**', 'a*', '*b')), { minLength: 1, maxLength: 3 })
  .map(path);
const scope: fc.Arbitrary<Scope> = fc.record({
  action: fc.constantFrom('read', 'write', 'admin'),
  pattern: patternText.map(parsePattern),
});

/** Operations in any order, by a session with full permissions and by a restricted one. */
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('set', 'event', 'timeline'), address }),
  fc.record({ kind: fc.constant('subscribe'), address: patternText }),
  fc.record({ kind: fc.constantFrom('get', 'query', 'trespass'), address }),
);

describe('a session with any scopes and any requests', () => {
  it('never receives an address that they do not let it read, and never writes one that they do not let it write', () => {
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 4 }), fc.array(step, { maxLength: 30 }), (scopes, steps) => {
        const harness = new CoreHarness({ securityMode: 'authenticated', maxTimelines: 10 });
        const owner = harness.joinWith({ scopes: [{ action: 'admin', pattern: parsePattern('/**') }] });
        owner.subscribe(1, '/**');
        owner.set('/a/b', 0);
        const peer = harness.connect();
        peer.send({ type: 'hello', version: 1, name: 'peer', features: [], token: 'token' });
        peer.admit({ scopes });
        steps.forEach((one, i) => {
          take(one.kind, one.address, owner, peer, i);
        });
        harness.settle();

        for (const heard of peer.read().flatMap(addressesIn))
          expect([heard, scopesAllow(scopes, 'read', heard)]).toEqual([heard, true]);
        const written = owner.read().filter((message) => message.type === 'publish' && message.signal === 'event');
        for (const { address: at } of written as { address: string }[]) {
          expect([at, scopesAllow(scopes, 'write', at)]).toEqual([at, true]);
        }
      }),
    );
  });
});

function take(kind: string, at: string, owner: Peer, peer: Peer, id: number): void {
  switch (kind) {
    case 'set':
      return owner.set(at, 1);
    case 'event':
      return owner.publish(at, 'event', 1);
    case 'timeline':
      return owner.send({ type: 'publish', address: at, signal: 'timeline', timeline: { keyframes: [], loop: false } });
    case 'subscribe':
      return peer.subscribe(id, at);
    case 'get':
      return peer.send({ type: 'get', address: at });
    case 'query':
      owner.send({ type: 'announce', namespace: 'n', signals: [{ address: at, type: 'param' }] });
      return peer.send({ type: 'query', pattern: '/**' });
    default:
      return peer.publish(at, 'event', 1); // no session receives its own events
  }
}

/** Addresses that a message reveals to its reader. An ERROR names only an address that the reader used itself. */
function addressesIn(message: Message): readonly string[] {
  switch (message.type) {
    case 'set':
    case 'publish':
      return [message.address];
    case 'snapshot':
      return message.params.map((entry) => entry.address);
    case 'result':
      return message.signals.map((signal) => signal.address);
    default:
      return [];
  }
}
