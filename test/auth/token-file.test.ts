import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { SimulatedClock } from 'xstate';
import type { Clock } from '../../src/util/clock.js';
import { AuthError } from '../../src/auth/auth-error.js';
import { changeTokens, readTokens, type TokenRecord } from '../../src/auth/token-file.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';

let folder: TemporaryFolder;
let clock: SimulatedClock;
beforeEach(() => {
  folder = new TemporaryFolder();
  clock = new SimulatedClock();
});
afterEach(() => {
  folder.remove();
});

const record: TokenRecord = {
  id: 'one',
  hash: 'ab'.repeat(32),
  subject: null,
  scopes: ['read:/a'],
  constraints: [],
  createdAtSeconds: 1,
  expiresAtSeconds: null,
};

/** A change under way, whose waits are as long as the test says. */
function waiting(): {
  readonly done: Promise<unknown>;
  readonly passes: (milliseconds: number, meanwhile?: () => void) => Promise<void>;
} {
  let planned = (): void => undefined;
  const { setTimeout } = clock;
  clock.setTimeout = (...args) => {
    const timer = setTimeout.apply(clock, args);
    planned();
    return timer;
  };
  let isPlanned = new Promise<void>((resolve) => (planned = resolve));
  const done = changeTokens(folder.path, (tokens) => [...tokens, record], clock).then(
    () => 'changed',
    (error: unknown) => error,
  );
  return {
    done,
    passes: async (milliseconds, meanwhile) => {
      await isPlanned; // it waits
      meanwhile?.();
      isPlanned = new Promise((resolve) => (planned = resolve));
      clock.increment(milliseconds);
    },
  };
}

describe('a change of the tokens', () => {
  it('waits until another one is done', async () => {
    folder.write('tokens.json.lock', '');
    const { done, passes } = waiting();
    await passes(20);
    await passes(20, () => {
      expect(readdirSync(folder.path)).toEqual(['tokens.json.lock']);
      rmSync(folder.at('tokens.json.lock'));
    });
    expect(await done).toBe('changed');
    expect(readdirSync(folder.path)).toEqual(['tokens.json']);
  });

  it('says after five seconds what to do when that one has crashed', async () => {
    folder.write('tokens.json.lock', '');
    const { done, passes } = waiting();
    await passes(5_000);
    expect(await done).toEqual(
      new AuthError(
        `somebody else is changing ${folder.at('tokens.json')}; if nobody is, remove ${folder.at('tokens.json.lock')} and try again`,
      ),
    );
    expect(readdirSync(folder.path)).toEqual(['tokens.json.lock']);
  });

  it('is tried once more when this process stood still until its time was over', async () => {
    const lockPath = folder.write('tokens.json.lock', '');
    let nowMs: number | undefined;
    const stalling: Clock = {
      now: () => {
        // The first look at the clock is just before the first attempt; the process stands still during that.
        if (nowMs === undefined) setImmediate(() => (nowMs = 60_000));
        return (nowMs ??= 0);
      },
      setTimeout: (callback) => {
        rmSync(lockPath);
        setImmediate(callback);
      },
      clearTimeout: () => undefined,
    };
    await changeTokens(folder.path, (tokens) => [...tokens, record], stalling);
    expect(readdirSync(folder.path)).toEqual(['tokens.json']);
  });

  it('gives way to the next one, also where it has failed', async () => {
    const failing = changeTokens(folder.path, () => {
      throw new AuthError('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('writes nothing where there is nothing to change', async () => {
    await changeTokens(folder.path, (tokens) => [...tokens, record]);
    const before = readFileSync(folder.at('tokens.json'), 'utf8');
    const path = folder.write('tokens.json', `${before}\n`); // to be recognised
    await changeTokens(folder.path, (tokens) => tokens);
    expect(readFileSync(path, 'utf8')).toBe(`${before}\n`);
    expect(await readTokens(path)).toEqual([record]);
  });
});

describe('reading the tokens', () => {
  it('stops at a file that cannot be one', async () => {
    const path = folder.write('tokens.json', new Uint8Array(16_777_217));
    await expect(readTokens(path)).rejects.toThrow(
      new AuthError(`${path} has 16777217 bytes, too many for a file of tokens`),
    );
  });
});
