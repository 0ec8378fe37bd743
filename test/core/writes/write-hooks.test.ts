import { describe, expect, it } from '@jest/globals';
import { ErrorCode } from '../../../src/protocol/errors.js';
import { CoreHarness, plain } from '../../support/core-harness.js';
import { fault, write } from '../../support/scoped-sessions.js';

describe('the write validator', () => {
  it('makes the final decision on SET, PUBLISH and messages in bundles, with its own text', () => {
    const seen: unknown[] = [];
    const harness = new CoreHarness({
      validateWrite: ({ kind, address, value, session }) => {
        seen.push([kind, address, value, session.name]);
        return value === 13n ? 'unlucky' : undefined;
      },
    });
    const peer = harness.join('desk');
    peer.set('/a', 13n);
    peer.publish('/b', 'event', 13n);
    peer.send({ type: 'bundle', messages: [write('/c', 1n), write('/d', 13n)] });
    peer.set('/e', 1n);
    expect(plain(peer.read())).toEqual([
      fault(ErrorCode.Refused, 'unlucky', '/a'),
      fault(ErrorCode.Refused, 'unlucky', '/b'),
      fault(ErrorCode.Refused, 'Bundle rejected: unlucky', '/d'),
      { type: 'ack', address: '/e', revision: 1 },
    ]);
    expect(seen[0]).toEqual(['set', '/a', 13n, 'desk']);
    expect(harness.core.paramCount).toBe(1);
  });

  it('that throws fails only the message, and reports only to the log', () => {
    const harness = new CoreHarness({
      validateWrite: () => {
        throw new Error('secret of the house');
      },
    });
    const peer = harness.join();
    peer.set('/a', 1);
    peer.send({ type: 'ping' });
    expect(plain(peer.read())).toEqual([fault(ErrorCode.InternalError, 'Internal error', '/a'), { type: 'pong' }]);
    expect(harness.faults).toMatchObject([{ message: 'secret of the house' }]);
  });
});

describe('the visibility filter', () => {
  it('hides an address in live traffic, snapshots, GET and QUERY from sessions that it excludes', () => {
    const harness = new CoreHarness({
      isVisible: (address, { name }) => name !== 'guest' || !address.includes('secret'),
    });
    const owner = harness.join('owner');
    owner.send({ type: 'announce', namespace: 'n', signals: [{ address: '/secret/a', type: 'param' }] });
    owner.set('/secret/a', 1);
    owner.set('/open/a', 1);
    const guest = harness.join('guest');
    guest.subscribe(1, '/**');
    owner.set('/secret/a', 2);
    owner.publish('/secret/b', 'event', 1);
    owner.set('/open/a', 2);
    guest.send({ type: 'get', address: '/secret/a' });
    guest.send({ type: 'query', pattern: '/**' });
    expect(plain(guest.read())).toMatchObject([
      { type: 'snapshot', params: [{ address: '/open/a' }] },
      { type: 'set', address: '/open/a' },
      { type: 'error', code: ErrorCode.AddressNotFound },
      { type: 'result', signals: [] },
    ]);
  });

  it('is called again after it reports a change', () => {
    let open = false;
    const harness = new CoreHarness({ isVisible: () => open });
    const [hearer, speaker] = [harness.join('hearer'), harness.join('speaker')];
    hearer.subscribe(1, '/a');
    speaker.set('/a', 1);
    open = true;
    speaker.set('/a', 2);
    expect(hearer.read()).toEqual([]);
    harness.core.visibilityChanged();
    speaker.set('/a', 3);
    expect(plain(hearer.read())).toMatchObject([{ type: 'set', value: 3 }]);
  });

  it('that throws hides the address, and reports only to the log', () => {
    const harness = new CoreHarness({
      isVisible: () => {
        throw new Error('broken');
      },
    });
    const [hearer, speaker] = [harness.join(), harness.join()];
    hearer.subscribe(1, '/a');
    speaker.set('/a', 1);
    expect(hearer.read()).toEqual([]);
    expect(plain(speaker.read())).toMatchObject([{ type: 'ack' }]);
    expect(harness.faults).toMatchObject([{ message: 'broken' }]);
  });
});
