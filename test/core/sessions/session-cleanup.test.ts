import { describe, expect, it } from '@jest/globals';
import { InternalErrors } from '../../../src/core/internal-errors.js';
import type { LastWills } from '../../../src/core/announce/last-wills.js';
import type { ParamStore } from '../../../src/core/params/param-store.js';
import type { PublishHandler } from '../../../src/core/publish/publish-handler.js';
import { SessionCleanup } from '../../../src/core/sessions/session-cleanup.js';
import type { Departure } from '../../../src/core/system/presence.js';
import type { SystemSignals } from '../../../src/core/system/system-signals.js';
import type { BundleRunner } from '../../../src/core/writes/bundle-runner.js';
import { CoreHarness } from '../../support/core-harness.js';

/** Records the parts of a cleanup. Each yields its steps. */
function cleanup(broken?: string) {
  const calls: string[] = [];
  const errors: string[] = [];
  function* part(name: string, steps: number): Generator<number, void> {
    calls.push(name);
    yield steps;
    if (name === broken) throw new Error(name);
  }
  const run = new SessionCleanup({
    publishing: { leaving: () => part('gestures', 1) } as unknown as PublishHandler,
    wills: { take: () => ({ type: 'bundle', messages: [] }) } as unknown as LastWills,
    bundles: { run: () => void calls.push('will') } as unknown as BundleRunner,
    system: { left: () => void calls.push('presence') } as unknown as SystemSignals,
    params: { locks: { releasing: () => part('locks', 10) } } as unknown as ParamStore,
    errors: new InternalErrors((error, work) => void errors.push(`${work}: ${(error as Error).message}`)),
    nowMicros: () => 0,
    protocolMicros: () => 0,
  });
  const { session } = new CoreHarness().connect();
  return {
    calls,
    errors,
    /** Runs to the end. @returns the number of pieces */
    finish: (departure: Departure, wasEstablished = true) =>
      [...run.of(session, departure, wasEstablished, part('subscriptions', 100))].length,
  };
}

describe('the cleanup of a session', () => {
  it('cancels gestures, executes the will, reports presence, and releases locks and subscriptions, in pieces', () => {
    const { calls, finish } = cleanup();
    expect(finish('lost')).toBe(5);
    expect(calls).toEqual(['gestures', 'will', 'presence', 'locks', 'subscriptions']);
  });

  it.each(['left', 'shutdown'] as const)('executes no will of a session that ended as %s', (departure) => {
    const { calls, finish } = cleanup();
    finish(departure);
    expect(calls).not.toContain('will');
  });

  it('reports no presence of a session that was never established', () => {
    const { calls, finish } = cleanup();
    finish('lost', false);
    expect(calls).not.toContain('presence');
  });

  it.each(['gestures', 'locks'])('continues after an internal error while it removes its %s', (broken) => {
    const { calls, errors, finish } = cleanup(broken);
    finish('lost');
    expect(errors).toEqual([`cleanup of a session: ${broken}`]);
    expect(calls.slice(-2)).toEqual(['locks', 'subscriptions']);
  });
});
