import { describe, expect, it } from '@jest/globals';
import { GuardedWork } from '../../src/core/scheduling/guarded-work.js';
import { InternalErrors, MAX_INTERNAL_ERRORS } from '../../src/core/internal-errors.js';
import { type Permissions, unrestricted } from '../../src/core/sessions/permissions.js';
import type { SignalDefinition } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../support/core-harness.js';
import { wholeSlice } from '../support/whole-slice.js';

const bug = new TypeError('a bug');

/** A router that records its internal errors here. */
function setUp(): { harness: CoreHarness; works: string[]; errors: InternalErrors } {
  const works: string[] = [];
  const errors = new InternalErrors((_, work) => void works.push(work));
  return { harness: new CoreHarness({ internalErrors: errors }), works, errors };
}

/** From the given check on, the permissions of the session throw. */
function breakPermissions({ session }: Peer, after = 0): void {
  let asked = 0;
  const permissions: Permissions = Object.create(unrestricted, {
    isUnrestricted: {
      get: () => {
        if (asked++ >= after) throw bug;
        return true;
      },
    },
  }) as Permissions; // it inherits all members
  session.permissions = permissions;
}

describe('an internal error of other work than messages', () => {
  it('in a scheduled bundle aborts that bundle: ERROR 500 to its sender, and the next one runs', () => {
    const { harness, works, errors } = setUp();
    const [broken, sender] = [harness.join(), harness.join()];
    const messages = [{ type: 'set', address: '/a', value: encodeValue(1) }] as const;
    for (const peer of [broken, sender]) {
      peer.send({ type: 'bundle', timestamp: harness.nowMicros + 1_000_000, messages });
      peer.read();
    }
    breakPermissions(broken);
    harness.advance(1);
    expect(broken.read()).toMatchObject([{ type: 'error', code: 500, message: 'Internal error' }]);
    sender.send({ type: 'get', address: '/a' });
    expect(sender.read()).toMatchObject([{ type: 'snapshot', params: [{ address: '/a', revision: 1 }] }]);
    expect([works, errors.count]).toEqual([['bundle'], 1]);
  });

  it('in scheduled bundles closes their sender at the tenth, as in messages', () => {
    const { harness } = setUp();
    const broken = harness.join();
    const messages = [{ type: 'set', address: '/a', value: encodeValue(1) }] as const;
    for (let i = 0; i < MAX_INTERNAL_ERRORS; i++) {
      broken.send({ type: 'bundle', timestamp: harness.nowMicros + 1_000_000, messages });
    }
    broken.read();
    breakPermissions(broken);
    harness.advance(1);
    expect(broken.events.at(-1)).toMatchObject({ type: 'end.failed', error: { code: 500 } });
  });

  it('in a sliced reply ends it with ERROR 500 before the following SYNC, and the session gets further replies', () => {
    const { harness, works } = setUp();
    const desk = harness.join();
    for (let i = 0; i < 10; i++) {
      const signals = Array.from({ length: 1_000 }, (_, k): SignalDefinition => ({
        address: `/${i}/${k}`,
        type: 'param',
      }));
      desk.send({ type: 'announce', namespace: '', signals });
    }
    desk.read();
    desk.send({ type: 'query', pattern: '/**' });
    desk.send({ type: 'sync', t1: 1 });
    desk.read();
    breakPermissions(desk);
    harness.settle();
    expect(desk.read()).toMatchObject([
      { type: 'error', code: 500, address: '/**' },
      { type: 'sync', t1: 1 },
    ]);
    desk.session.permissions = unrestricted;
    desk.send({ type: 'query', pattern: '/1/1' });
    harness.settle();
    expect(desk.read()).toMatchObject([{ type: 'result', signals: [{ address: '/1/1' }] }]);
    expect(works).toEqual(['reply in slices']);
  });

  it('pauses the work for a second, so that due work does not keep the event loop busy', () => {
    const { works, errors } = setUp();
    let runs = 0;
    const work = new GuardedWork(
      'expiry',
      {
        dueMicros: 5,
        runDue: () => {
          runs++;
          throw bug;
        },
      },
      errors,
    );
    work.runDue(10, wholeSlice());
    expect([work.dueMicros, runs, works]).toEqual([1_000_010, 1, ['expiry']]);
  });
});
