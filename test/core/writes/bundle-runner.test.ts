import { describe, expect, it } from '@jest/globals';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, plain, START_MICROS } from '../../support/core-harness.js';

const go = { type: 'publish', address: '/go', signal: 'event', value: encodeValue(1) } as const;

describe('a scheduled bundle', () => {
  it('runs at its time as a whole, and its lateness is counted', () => {
    const harness = new CoreHarness();
    const sender = harness.join('sender');
    const peer = harness.join('peer');
    peer.subscribe(1, '/go');
    harness.settle();
    peer.read();
    sender.send({ type: 'bundle', timestamp: START_MICROS + 2_000_000, messages: [go, go] });
    harness.advance(1);
    expect(peer.read()).toEqual([]);
    harness.advance(1.5);
    expect(plain(peer.read())).toMatchObject([{ address: '/go' }, { address: '/go' }]);
    expect(harness.core.statistics().schedule).toEqual({
      bundles: 1,
      lastErrorMicros: 500_000,
      worstErrorMicros: 500_000,
    });
  });

  it('that no longer passes the checks is not applied, and its sender gets the reason', () => {
    const harness = new CoreHarness();
    const sender = harness.join('sender');
    const other = harness.join('other');
    const set = { type: 'set', address: '/a', value: encodeValue(1) } as const;
    sender.send({ type: 'bundle', timestamp: START_MICROS + 1_000_000, messages: [go, set] });
    other.send({ type: 'set', address: '/a', value: encodeValue(7), lock: true });
    harness.settle();
    sender.read();
    harness.advance(1);
    expect(plain(sender.read())).toMatchObject([{ type: 'error', code: 401, address: '/a' }]);
  });
});
