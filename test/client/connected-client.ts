import { afterEach, beforeEach, expect } from '@jest/globals';
import type { Client } from '../../src/client/client.js';
import { ScriptedRouter } from './scripted-router.js';

export let router: ScriptedRouter;

export let client: Client;

beforeEach(async () => {
  router = new ScriptedRouter();
  client = await router.connect();
});

afterEach(() => client.close());

export const refusal = (code: number, message: string): unknown =>
  expect.objectContaining({ name: 'ClaspError', code, message });
