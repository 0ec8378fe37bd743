import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Listeners } from '../../src/client/listeners.js';
import { failure, ScriptedRouter, setTo } from './scripted-router.js';

describe('listeners', () => {
  it('are called in order until they are removed, a function as often as it was added', () => {
    const listeners = new Listeners<number>();
    const heard: string[] = [];
    const add = (name: string): (() => void) => listeners.add((value) => heard.push(`${name}${value}`));
    const off = add('a');
    add('b');
    expect(listeners.notify(1)).toBe(true);
    off();
    off();
    listeners.notify(2);
    expect(heard).toEqual(['a1', 'b1', 'b2']);
    const same = (value: number): void => void heard.push(`same${value}`);
    listeners.add(same);
    listeners.add(same)();
    listeners.notify(3);
    expect(heard.slice(3)).toEqual(['b3', 'same3']);
    expect(new Listeners<number>().notify(1)).toBe(false);
  });
});

describe('a listener that throws', () => {
  const schedule = globalThis.queueMicrotask;
  const uncaught: unknown[] = [];

  beforeEach(() => {
    uncaught.length = 0;
    globalThis.queueMicrotask = (run) => {
      schedule(() => {
        try {
          run();
        } catch (error) {
          uncaught.push(error);
        }
      });
    };
  });

  afterEach(() => {
    globalThis.queueMicrotask = schedule;
  });

  const mistake = new Error('my mistake');
  const throwing = (): never => {
    throw mistake;
  };

  it('is reported if onError has no listener, and only then', async () => {
    const router = new ScriptedRouter();
    const client = await router.connect();
    client.on('/a', throwing);
    await router.latest.say(setTo('/a', 1, 1));
    expect(uncaught).toEqual([mistake]);
    client.onError(() => undefined);
    await router.latest.say(setTo('/a', 2, 2), failure(503, 'dropped'));
    expect(uncaught).toEqual([mistake]);
    await client.close();
  });

  it('is reported if it listens to onState or onError, and the others are still called', async () => {
    const router = new ScriptedRouter();
    const client = await router.connect();
    const heard: unknown[] = [];
    client.onState(throwing);
    client.onState(({ state }) => heard.push(state));
    client.onError(throwing);
    client.onError(({ message }) => heard.push(message));
    await router.latest.say(failure(503, 'dropped'));
    await client.close();
    expect(heard).toEqual(['dropped', 'closed']);
    expect(uncaught).toEqual([mistake, mistake]);
  });
});
