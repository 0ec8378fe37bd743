import { afterEach, beforeEach } from '@jest/globals';
import type { Client } from '../../src/client/client.js';
import type { StateChange } from '../../src/client/lifecycle.js';
import type { ClientOptions } from '../../src/client/options.js';
import { turns } from '../support/inbox.js';
import { ScriptedRouter } from './scripted-router.js';

export let router: ScriptedRouter;

export let clients: Client[] = [];

beforeEach(() => {
  router = new ScriptedRouter();
});

afterEach(async () => {
  const open = clients;
  clients = [];
  await Promise.all(open.map((client) => client.close()));
});

export async function connect(options: ClientOptions = {}): Promise<{ client: Client; changes: StateChange[] }> {
  const client = await router.connect(options);
  clients.push(client);
  const changes: StateChange[] = [];
  client.onState((change) => changes.push(change));
  return { client, changes };
}

/** Cuts the router's end without a close. */
export async function breakOff(): Promise<void> {
  router.latest.connection.destroy();
  await turns();
}
