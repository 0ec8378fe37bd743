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

/** Starts a change whose waits the test controls. */
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

  it('states after five seconds what to do if the other one has crashed', async () => {
    folder.write('tokens.json.lock', '');
    const { done, passes } = waiting();
    await passes(5_000);
    expect(await done).toEqual(
      new AuthError(
        `another process is changing ${folder.at('tokens.json')}; if none is, remove ${folder.at('tokens.json.lock')} and try again`,
      ),
    );
    expect(readdirSync(folder.path)).toEqual(['tokens.json.lock']);
  });

  it('tries once more if the process was suspended past the timeout', async () => {
    const lockPath = folder.write('tokens.json.lock', '');
    let nowMs: number | undefined;
    const stalling: Clock = {
      now: () => {
        // The first read of the clock is just before the first attempt; the process is suspended during that attempt.
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

  it('releases the lock for the next one, also after a failure', async () => {
    const failing = changeTokens(folder.path, () => {
      throw new AuthError('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('writes nothing if nothing changes', async () => {
    await changeTokens(folder.path, (tokens) => [...tokens, record]);
    const before = readFileSync(folder.at('tokens.json'), 'utf8');
    const path = folder.write('tokens.json', `${before}\n`); // to recognize it
    await changeTokens(folder.path, (tokens) => tokens);
    expect(readFileSync(path, 'utf8')).toBe(`${before}\n`);
    expect(await readTokens(path)).toEqual([record]);
  });
});

describe('a read of the tokens', () => {
  it('rejects a file that is too large', async () => {
    const path = folder.write('tokens.json', new Uint8Array(16_777_217));
    await expect(readTokens(path)).rejects.toThrow(
      new AuthError(`${path} has 16777217 bytes, more than a token file can have`),
    );
  });
});
