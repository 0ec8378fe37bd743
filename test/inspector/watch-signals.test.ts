import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import type { ParamQueryResult, ParamQuery, ParamView } from '../../src/core/system/param-query.js';
import { watchSignals } from '../../src/inspector/watch-signals.js';
import { ClaspError } from '../../src/protocol/errors.js';
import { Collected } from './collected.js';

function param(address: string, more: Partial<ParamView> = {}): ParamView {
  return {
    address,
    value: 0.5,
    byteLength: 9,
    revision: 1,
    writer: 'session-1',
    timestampMicros: 1_000,
    holder: undefined,
    expiresAtMicros: Infinity,
    subscribers: 0,
    ...more,
  };
}

const answer = (params: readonly ParamView[], isCut = false): ParamQueryResult => ({
  params,
  isCut,
  total: params.length,
  nowMicros: 2_000,
});

function watching(first: ParamQueryResult | ClaspError) {
  const clock = new SimulatedClock();
  const told = new Collected();
  const asked: ParamQuery[] = [];
  let current = first;
  const source = {
    params: (question: ParamQuery) => {
      asked.push(question);
      return current;
    },
    names: () => new Map([['session-1', 'Light desk']]),
  };
  const running = watchSignals(source, '/a/**', clock, told.sendFeed);
  return {
    told,
    asked,
    running,
    clock,
    then(next: ParamQueryResult | ClaspError) {
      current = next;
      clock.increment(250);
    },
  };
}

describe('the view of signals', () => {
  it('sends all params first, and then only changes', () => {
    const { told, then } = watching(answer([param('/a/1'), param('/a/2')]));
    expect(told.last('signals')).toMatchObject({ pattern: '/a/**', nowMs: 2, total: 2, isCut: false });
    expect(told.last('signals').rows.map(({ address }) => address)).toEqual(['/a/1', '/a/2']);
    then(answer([param('/a/1'), param('/a/2')]));
    expect(told.last('signals')).toMatchObject({ rows: [], removed: [] });
    then(answer([param('/a/1'), param('/a/2', { revision: 2, timestampMicros: 1_500, value: 0.75 })]));
    expect(told.last('signals').rows).toMatchObject([{ address: '/a/2', revision: 2, value: 0.75, writtenMs: 1.5 }]);
  });

  it.each<[string, Partial<ParamView>, object]>([
    ['a lock', { holder: 'session-1' }, { lockedBy: 'Light desk' }],
    ['a subscriber', { subscribers: 3 }, { subscribers: 3 }],
    ['a TTL', { expiresAtMicros: 9_000 }, { expiresMs: 9 }],
    ['a repeated value', { timestampMicros: 1_001 }, { writtenMs: 1.001 }],
  ])('sends a change of %s', (_, change, shown) => {
    const { told, then } = watching(answer([param('/a/1')]));
    then(answer([param('/a/1', change)]));
    expect(told.last('signals').rows).toMatchObject([shown]);
  });

  it('hides values by a segment of the address and by their content', () => {
    const { told } = watching(
      answer([
        param('/a/password', { value: 'hunter2' }),
        param('/a/settings', { value: new Map([['apiKey', 'hunter2']]) }),
        param('/a/title', { value: 'hunter2' }),
      ]),
    );
    const rows = told.last('signals').rows;
    expect(rows.map(({ address, kind, value, isHidden }) => [address, kind, value, isHidden])).toEqual([
      ['/a/password', 'string', undefined, true],
      ['/a/settings', 'map', undefined, true],
      ['/a/title', 'string', 'hunter2', undefined],
    ]);
  });

  it('sends each removal once, and the param again when it returns', () => {
    const { told, then } = watching(answer([param('/a/1'), param('/a/2')]));
    then(answer([param('/a/2')]));
    expect(told.last('signals')).toMatchObject({ removed: ['/a/1'], rows: [] });
    then(answer([param('/a/2')]));
    expect(told.last('signals')).toMatchObject({ removed: [], rows: [] });
    then(answer([param('/a/1'), param('/a/2')]));
    expect(told.last('signals').rows).toMatchObject([{ address: '/a/1' }]);
  });

  it('queries no more than it shows, and states if there are more', () => {
    const { told, asked } = watching(answer([param('/a/1')], true));
    expect(asked).toEqual([{ pattern: '/a/**', limit: 2_000, maxLooked: 20_000, maxValueBytes: 2_048 }]);
    expect(told.last('signals').isCut).toBe(true);
  });

  it('sends values in the form of JSON messages, with their kind', () => {
    const values: readonly (readonly [ParamView['value'], string, unknown])[] = [
      [1, 'float', 1],
      [5n, 'int', { $int: '5' }],
      [true, 'bool', true],
      ['x', 'string', 'x'],
      [null, 'null', null],
      [Uint8Array.of(0, 1), 'bytes', { $bytes: 'AAE=' }],
      [[1, 2n], 'list', [1, { $int: '2' }]],
      [new Map([['k', 1]]), 'map', { k: 1 }],
    ];
    const { told } = watching(answer(values.map(([value], index) => param(`/a/${index}`, { value }))));
    const rows = told.last('signals').rows.map(({ kind, value }) => [kind, value]);
    expect(rows).toEqual(values.map(([, kind, json]) => [kind, json]));
  });

  it('omits a value that is too large, and uses the beginning of an id if there is no name', () => {
    const { told } = watching(answer([param('/a/1', { value: undefined, byteLength: 9_999, writer: '0123456789' })]));
    const [row] = told.last('signals').rows;
    expect(row).toMatchObject({ kind: 'too large', byteLength: 9_999, writer: '01234567' });
    expect(row).not.toHaveProperty('value');
  });

  it('reports an invalid pattern once', () => {
    const { told, then } = watching(new ClaspError(202, 'that is no pattern'));
    then(new ClaspError(202, 'that is no pattern'));
    then(new ClaspError(202, 'that is no pattern'));
    expect(told.messages).toEqual([{ type: 'refused', text: 'that is no pattern' }]);
  });

  it('continues when the router answers again, and reports no removal of unknown params', () => {
    const { told, then } = watching(new ClaspError(500, 'there is no router'));
    then(answer([param('/a/1')]));
    expect(told.last('signals')).toMatchObject({ removed: [], rows: [{ address: '/a/1' }] });
  });

  it('ends when it is stopped', () => {
    const { told, running, clock } = watching(answer([]));
    running.stop();
    clock.increment(5_000);
    expect(told.messages).toHaveLength(1);
  });
});
