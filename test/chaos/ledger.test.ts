import { beforeEach, describe, expect, it } from '@jest/globals';
import { type FinalParam, Ledger, type Outcome, type Write } from './ledger.js';
import { View } from './view.js';

// Tests the checks of the chaos show with correct histories, and with histories that violate each check.

const address = '/a';
const unknown: Outcome = { kind: 'unknown' };
const refused: Outcome = { kind: 'not stored' };
const stored = (revision?: number): Outcome => ({ kind: 'stored', revision });

let ledger: Ledger;

beforeEach(() => {
  ledger = new Ledger();
});

function write(value: string, outcome: Outcome, by: Partial<Write> = {}): void {
  const { author = 'ann', session = author, isOrdered = true } = by;
  ledger.begin(by.address ?? address, { author, session, isOrdered }, value).outcome = outcome;
}

function judge(revision: number, value: string, at = address): readonly string[] {
  return ledger.judge(new Map([[at, { revision, value }]]));
}

describe('a correct history', () => {
  it('ends with the last acknowledged value', () => {
    write('1', stored(1));
    write('2', stored(2));
    expect(judge(2, '2')).toEqual([]);
  });

  it('can have an unanswered write after or before it', () => {
    write('1', stored(1));
    write('2', unknown);
    expect(judge(2, '2')).toEqual([]);
    expect(judge(1, '1')).toEqual([]);
  });

  it('can have an unanswered write of another session, whenever it was sent', () => {
    write('1', unknown, { author: 'bob' });
    write('2', stored(1));
    expect(judge(2, '1')).toEqual([]);
    expect(judge(2, '2')).toContain('/a: its value 2 was acknowledged with revision 1 and not 2');
  });

  it('has no param if no write was acknowledged', () => {
    write('1', unknown);
    write('2', refused);
    expect(ledger.judge(new Map())).toEqual([]);
  });

  it('can end with a bundle whose revision was not reported', () => {
    write('1', stored());
    expect(judge(1, '1')).toEqual([]);
  });
});

describe('a history', () => {
  it('is rejected if a param is missing', () => {
    write('1', stored(1));
    expect(ledger.judge(new Map())).toEqual(['/a: 1 writes were acknowledged, and there is no param']);
  });

  it('is rejected if a value or an address was never written', () => {
    write('1', stored(1));
    expect(judge(1, 'x')).toEqual(['/a: its value x was written by nobody']);
    expect(judge(1, 'x', '/b')).toContain('/b: nobody has written it');
  });

  it('is rejected if a refused write was stored', () => {
    write('1', refused);
    expect(judge(1, '1')).toContain('/a: its value 1 is of a write that was refused');
  });

  it('is rejected if an acknowledged write is lost', () => {
    write('1', stored(1));
    write('2', stored(2));
    expect(judge(1, '1')).toEqual([
      '/a: revision 1 after 2 acknowledged writes',
      '/a: revision 1 although 2 was acknowledged',
    ]);
  });

  it('is rejected if an old value has a new revision', () => {
    write('1', stored(1));
    write('2', stored(2));
    expect(judge(2, '1')).toEqual(['/a: its value 1 was acknowledged with revision 1 and not 2']);
  });

  it('is rejected if a write was stored twice, unless the network can duplicate it', () => {
    write('1', stored(1));
    expect(judge(2, '1')).toContain('/a: revision 2 although only 1 writes can have been stored');
    write('2', stored(2), { author: 'udp', isOrdered: false });
    expect(judge(3, '2')).not.toContain('/a: revision 3 although only 2 writes can have been stored');
  });

  it('is rejected if an unanswered write overwrote a later write of its own session', () => {
    write('1', unknown);
    write('2', stored(1));
    expect(judge(2, '1')).toEqual(['/a: its value 1 was overwritten by 2, which was acknowledged']);
  });

  it('is rejected if two writes have the same revision', () => {
    write('1', stored(1));
    write('2', stored(1), { author: 'bob' });
    expect(judge(2, '2')).toContain('/a: revision 1 was acknowledged for 1 and for 2');
  });

  it('is rejected if an acknowledgement contradicts what subscribers received', () => {
    write('1', stored(1));
    write('2', stored(2));
    ledger.heard('cid', address, { revision: 1, value: '2' });
    expect(judge(2, '2')).toEqual(['/a: revision 1 was acknowledged for 1, and subscribers heard 2']);
  });

  it('is rejected if two clients received different values for one revision', () => {
    write('1', stored(1));
    ledger.heard('cid', address, { revision: 1, value: '1' });
    ledger.heard('dan', address, { revision: 1, value: '2' });
    expect(judge(1, '1')).toEqual(['/a: revision 1 is 1 to others and 2 to dan']);
  });

  it('is rejected if the acknowledged revisions of a session decrease', () => {
    write('1', stored(2));
    write('2', stored(1));
    expect(judge(2, '1')).toContain('/a: 2 was acknowledged with revision 1, behind 2 of its session');
  });

  it('is rejected if another session wrote under a lock', () => {
    write('1', stored(1));
    write('2', stored(2), { author: 'bob' });
    write('3', stored(3));
    ledger.held({ address, holder: 'ann', fromRevision: 1, toRevision: 3 });
    expect(judge(3, '3')).toEqual(['/a: 2 was stored while ann held the lock from 1 to 3']);
  });

  it('is rejected if another session wrote under a lock, known only to subscribers', () => {
    write('1', stored(1));
    write('2', unknown, { author: 'bob' });
    write('3', stored(3));
    ledger.heard('cid', address, { revision: 2, value: '2' });
    ledger.held({ address, holder: 'ann', fromRevision: 1, toRevision: 3 });
    expect(judge(3, '3')).toEqual(['/a: 2 was stored while ann held the lock from 1 to 3']);
  });
});

describe('a view', () => {
  const param = (revision: number, value = 'x'): FinalParam => ({ revision, value });

  it('reports a different value, revision or address', () => {
    const view = new View('ann', ledger);
    view.heard('/a', param(1), false);
    view.heard('/b', param(1), false);
    expect(
      view.differences(
        new Map([
          ['/a', param(1)],
          ['/b', param(1)],
        ]),
      ),
    ).toEqual([]);
    expect(
      view.differences(
        new Map([
          ['/a', param(2)],
          ['/c', param(1)],
        ]),
      ),
    ).toEqual([
      '/a: x (revision 2) at the router, x (revision 1) at ann',
      '/c: x (revision 1) at the router, nothing at ann',
      '/b: nothing at the router, x (revision 1) at ann',
    ]);
    expect(view.differences(new Map([['/a', param(1)]]), true)).toEqual([]);
    expect(view.differences(new Map([['/a', param(1, 'y')]]), true)).toHaveLength(1);
  });

  it.each([
    ['an older write', 1, false, 1],
    ['an older one in a snapshot', 1, true, 1],
    ['the same write again', 2, false, 1],
    ['the same in a snapshot', 2, true, 0],
    ['a newer one', 3, false, 0],
  ])('on one connection treats %s accordingly', (_, revision, isRepeat, violations) => {
    const view = new View('ann', ledger);
    view.heard('/a', param(2), false);
    view.heard('/a', param(revision), isRepeat);
    expect(ledger.violations).toHaveLength(violations);
  });

  it('restarts with another connection', () => {
    const view = new View('ann', ledger);
    view.heard('/a', param(2), false);
    view.newConnection();
    view.heard('/a', param(2), false);
    expect(ledger.violations).toEqual([]);
  });
});
