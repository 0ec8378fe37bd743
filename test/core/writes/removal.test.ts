import { describe, expect, it } from '@jest/globals';
import type { Change, ChangeLog } from '../../../src/core/ports.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

function remove(peer: Peer, address: string): unknown[] {
  peer.read();
  peer.send({ type: 'remove', address }, { qos: 1 });
  return plain(peer.read());
}

describe('the removal of a param', () => {
  it('gives subscribers null with the next revision, and continues the revisions', () => {
    const harness = new CoreHarness();
    const [desk, lamp] = [harness.join('desk', 'binary', { isLocal: true }), harness.join()];
    desk.set('/a', 1);
    lamp.subscribe(1, '/**');
    lamp.read();
    expect(remove(desk, '/a')).toEqual([{ type: 'ack', address: '/a', revision: 2 }]);
    expect(plain(lamp.read())).toMatchObject([{ type: 'set', address: '/a', value: null, revision: 2 }]);
    expect(harness.core.paramCount).toBe(0);
    lamp.send({ type: 'get', address: '/a' });
    expect(lamp.read()).toMatchObject([{ type: 'error', code: 201 }]);
    desk.set('/a', 1);
    expect(desk.read()).toMatchObject([{ type: 'ack', revision: 3 }]);
  });

  it.each([
    ['/none', 201],
    ['none', 200],
    ['/$clasp/name', 201],
    ['/held', 401],
    ['/secret/1', 301],
  ])('of %s is refused with %i', (address, code) => {
    const harness = new CoreHarness();
    const other = harness.join();
    other.send({ type: 'set', address: '/held', value: encodeValue(1), lock: true });
    other.set('/secret/1', 1);
    const desk = harness.join('desk', 'binary', { isLocal: true, scopes: ['write:/held', 'write:/none', 'read:/**'] });
    const narrow = code === 301 || code === 401 ? desk : harness.join('all', 'binary', { isLocal: true });
    expect(remove(narrow, address)).toMatchObject([{ type: 'error', code }]);
    expect(harness.core.paramCount).toBe(2);
  });

  it('is in the change logs, after the null', () => {
    const types: unknown[] = [];
    const log: ChangeLog = {
      wants: () => true,
      append: (changes: readonly Change[]) => types.push(...changes.map((change) => ({ ...change, value: undefined }))),
      onCommitted: () => () => undefined,
    };
    const harness = new CoreHarness({ changeLogs: [log] });
    const desk = harness.join('desk', 'binary', { isLocal: true });
    desk.set('/a', 1);
    remove(desk, '/a');
    expect(types).toMatchObject([
      { type: 'set', revision: 1 },
      { type: 'set', revision: 2 },
      { type: 'removed', address: '/a', revision: 2, reason: 'removed' },
    ]);
  });
});
