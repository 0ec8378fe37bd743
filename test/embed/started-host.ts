import { afterEach, beforeEach, expect } from '@jest/globals';
import { type Actor, createActor, waitFor } from 'xstate';
import { type ClaspEvent, type ClaspInput } from '../../src/embed/index.js';
import type { Transport } from '../../src/transports/transport.js';
import { TransportError } from '../../src/net/transport-error.js';
import { host, told } from './hosts.js';
import { type SteadyClock } from '../support/steady-clock.js';

export const unhandled: unknown[] = [];

export const note = (error: unknown): void => void unhandled.push(error);

let started: Actor<typeof host> | undefined;

beforeEach(() => {
  process.on('unhandledRejection', note).on('uncaughtException', note);
});
afterEach(async () => {
  started?.stop();
  started = undefined;
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note).off('uncaughtException', note);
  expect(unhandled.splice(0)).toEqual([]);
});

/** Starts a host, and stops it after the test. */
export function begun(actor: Actor<typeof host>): Actor<typeof host> {
  started = actor;
  return actor.start();
}

/** A host whose router listens. */
export async function start(input: ClaspInput = {}, clock?: SteadyClock): Promise<Actor<typeof host>> {
  const actor = begun(createActor(host, { input, ...(clock && { clock }) }));
  actor.subscribe({ error: note });
  await heard(actor, (events) => told(events, 'clasp.listening').length > 0);
  return actor;
}

export function heard(actor: Actor<typeof host>, enough: (events: readonly ClaspEvent[]) => boolean): Promise<unknown> {
  return waitFor(actor, ({ context }) => enough(context.heard), { timeout: Infinity });
}

export const broken: Transport = {
  name: 'broken',
  listen: () => Promise.reject(new TransportError('port 1 is taken')),
};
