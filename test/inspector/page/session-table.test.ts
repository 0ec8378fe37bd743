import { describe, expect, it } from '@jest/globals';
import { firstOrder, SessionTable } from '../../../src/inspector/page/session-table.js';
import { session, sessionsMessage } from './fake-router.js';

function table(count = 12): SessionTable {
  const made = new SessionTable();
  made.apply(sessionsMessage(count));
  return made;
}

const byName = firstOrder('name');
const names = (rows: readonly { readonly name: string }[]): readonly string[] => rows.map(({ name }) => name);

describe('the table of sessions', () => {
  it('applies changes and removals', () => {
    const sessions = table(3);
    sessions.apply({ ...sessionsMessage(0), total: 2, rows: [session(1, { name: 'New' })], removed: ['s0'] });
    expect(names(sessions.visible('', undefined, byName))).toEqual(['New', 'Visuals A']);
    expect(sessions.totals().sessions).toBe(2);
  });

  it.each([
    ['tablet', ['FOH tablet']],
    ['STAGE phone', ['Stage left phone', 'Stage right phone']],
    ['quic draining', ['Stage left phone']],
    ['301 expired', ['Stage left phone']],
    ['192.168.1.20:', ['Light desk']],
    ['nobody', []],
  ])('shows for %j the sessions that contain each word', (filter, expected) => {
    expect(names(table().visible(filter, undefined, byName))).toEqual(expected);
  });

  it('shows the sessions in one state', () => {
    expect(names(table().visible('', 'congested', byName))).toEqual(['Follow spot', 'Visuals B']);
  });

  it('orders numbers in names by value', () => {
    const rows = ['Node 10', 'Node 9', 'node 1'].map((name, index) => session(index, { name }));
    const sessions = new SessionTable();
    sessions.apply({ ...sessionsMessage(0), rows });
    expect(names(sessions.visible('', undefined, byName))).toEqual(['node 1', 'Node 9', 'Node 10']);
  });

  it('starts with the largest figure, and can be reversed', () => {
    const out = table().visible('', undefined, firstOrder('out'));
    expect(out[0]?.name).toBe('Follow spot');
    expect(table().visible('', undefined, { column: 'out', descending: false })[0]?.name).toBe('Light desk');
  });

  it('keeps the order of equal rows, whichever arrived last', () => {
    const sessions = table(0);
    const rows = [
      session(4, { transport: 'tcp' }),
      session(2, { transport: 'tcp' }),
      session(10, { transport: 'tcp' }),
    ];
    sessions.apply({ ...sessionsMessage(0), rows });
    sessions.apply({ ...sessionsMessage(0), rows: [rows[1]!] });
    expect(sessions.visible('', undefined, firstOrder('transport')).map(({ id }) => id)).toEqual(['s2', 's4', 's10']);
  });

  it('sums up all sessions', () => {
    const { messagesIn, states } = table(3).totals();
    expect(messagesIn).toBe(0 + 37 + 74);
    expect([...states]).toEqual([['active', 3]]);
  });
});
