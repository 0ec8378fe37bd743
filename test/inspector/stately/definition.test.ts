import { describe, expect, it } from '@jest/globals';
import { createMachine, initialTransition, transition } from 'xstate';
import { sessionMachine } from '../../../src/actors/session/session-machine.js';
import { definitionText } from '../../../src/inspector/stately/definition.js';
import { shownSnapshot } from '../../../src/inspector/stately/snapshot.js';
import { sanitize } from './inspected-system.js';

function shown(config: object): unknown {
  return JSON.parse(definitionText(config, sanitize));
}

describe('a definition', () => {
  it('of a session has all its states and transitions', () => {
    const definition = shown(sessionMachine.config) as { readonly states: Readonly<Record<string, object>> };
    expect(Object.keys(definition.states)).toEqual(Object.keys(sessionMachine.states));
    expect(definition).toMatchObject({
      id: 'session',
      context: { type: 'context' },
      on: { 'connection.lost': { target: '.closed', actions: { type: 'keepCause', params: { type: 'params' } } } },
      states: {
        awaitingHello: { on: { 'hello.overdue': { target: 'draining', actions: 'blameSilence' } } },
      },
    });
  });

  it.each([
    ['a function by its name', { entry: greet }, { entry: { type: 'greet' } }],
    ['numbers that JSON lacks', { a: NaN, b: Infinity, c: 12n }, { a: null, b: null, c: '12' }],
    ['no undefined values', { a: undefined, b: [undefined, 1], c: Symbol('s') }, { b: [null, 1] }],
    ['an object with its own JSON form', { src: { toJSON: () => ({ id: 'child' }) } }, { src: { id: 'child' } }],
    ['an object twice if it is not a cycle', shareOne(), { a: { x: 1 }, b: { x: 1 } }],
  ])('shows %s', (_, config, expected) => expect(shown(config)).toEqual(expected));

  it('treats names of states and events as names, whatever they are', () => {
    const config = {
      context: { any: 'data' },
      states: { context: { entry: 'open' }, on: { meta: { any: 'data' } }, states: { on: { input: 'params' } } },
    };
    expect(JSON.parse(definitionText(config, () => ({ context: 'hidden', meta: 'hidden' })))).toEqual({
      context: 'hidden',
      states: { context: { entry: 'open' }, on: { meta: 'hidden' }, states: { on: { input: 'params' } } },
    });
  });

  it('ends at a cycle in the config', () => {
    const config: { states: Record<string, unknown> } = { states: {} };
    config.states.again = config;
    expect(shown(config)).toEqual({ states: { again: '[Circular]' } });
  });

  it('is bounded in depth and in breadth', () => {
    let deep: object = {};
    for (let level = 0; level < 10_000; level++) deep = { deep };
    expect(definitionText(deep, sanitize).length).toBeLessThan(1_000);
    const wide = { states: Array.from({ length: 100_000 }, () => ({ some: 'state' })) };
    expect(definitionText(wide, sanitize).split('"some"')).toHaveLength(20_000 - 1);
  });
});

describe('a snapshot', () => {
  it('names the nodes of its history', () => {
    const machine = createMachine({
      id: 'h',
      initial: 'a',
      states: {
        a: { initial: 'one', on: { OUT: 'b' }, states: { one: {}, past: { type: 'history' } } },
        b: {},
      },
    });
    const [initial] = initialTransition(machine);
    expect(shownSnapshot(initial, sanitize)).toEqual({
      status: 'active',
      value: { a: 'one' },
      tags: [],
      children: {},
      context: {},
      historyValue: {},
    });
    const [out] = transition(machine, initial, { type: 'OUT' });
    expect(shownSnapshot(out, sanitize)).toMatchObject({
      value: 'b',
      historyValue: { 'h.a.past': [{ id: 'h.a.one' }] },
    });
  });

  it('of an actor that is starting has the status active', () => {
    expect(shownSnapshot(undefined, sanitize)).toEqual({ status: 'active' });
  });
});

function greet(): string {
  return 'hello';
}

function shareOne(): object {
  const one = { x: 1 };
  return { a: one, b: one };
}
