import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { connect } from '../../../src/client/node.js';
import { type RouterProcess, startRouterProcess } from '../../support/router-process.mjs';
import { launchChromium, missingChromium } from './chromium.js';

const cli = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const help = spawnSync(process.execPath, [cli, '--help'], { encoding: 'utf8' }).stdout;
const missing =
  missingChromium ?? (help.includes('--inspect') ? undefined : 'skipped: the built router has no --inspect');

/** Upper bound for events that never occur, for busy machines. */
const PATIENCE_MS = 60_000;
jest.setTimeout(180_000);

const describeWithBoth = missing === undefined ? describe : describe.skip;

describeWithBoth(`the inspector's page on a real router${missing === undefined ? '' : ` (${missing})`}`, () => {
  let browser: Browser;
  let router: RouterProcess;

  beforeAll(async () => {
    [browser, router] = await Promise.all([launchChromium(), startRouterProcess(['--inspect'])]);
  });
  afterAll(async () => {
    await Promise.all([browser.close(), router.stop()]);
  });

  it('shows a client that connects, its machine, its writes, a write of the page, and the disconnect', async () => {
    const at = `127.0.0.1:${router.doors.websocket}`;
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    while (router.inspector === undefined) await new Promise((resolve) => setImmediate(resolve));
    await page.goto(router.inspector);
    await page.getByRole('banner').getByText('connected', { exact: true }).waitFor();

    const client = await connect(`ws://${at}`, { name: 'Light desk' });
    await client.set('/lights/1/dim', 0.25);
    await page.locator('.session-cells', { hasText: 'Light desk' }).getByText('active').waitFor();
    await page.locator('.session-cells .cell-name', { hasText: 'Light desk' }).click();
    await page.locator('[data-node="session.active"].is-active').waitFor();
    const chart = page.url();

    await page.keyboard.press('3');
    await page.getByTitle('/lights/1/dim', { exact: true }).click();
    await page.locator('.signal-panel .value', { hasText: '0.25' }).waitFor();
    const changed = new Promise((resolve) => {
      client.on('/lights/1/dim', (signal) => {
        if (signal.kind === 'param' && signal.value === 0.75) resolve(signal.value);
      });
    });
    await page.getByLabel('New value').fill('0.75');
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    await page.getByText('Set.', { exact: true }).waitFor();
    expect(await changed).toBe(0.75);

    await page.goto(chart);
    await page.locator('[data-node="session.active"].is-active').waitFor();
    await client.close();
    await page.locator('[data-node="session.closed"].is-active').waitFor();
    await page.keyboard.press('1');
    await page.locator('.sessions .list-row:visible', { hasText: 'Light desk' }).waitFor({ state: 'hidden' });
    expect(faults).toEqual([]);
  });
});
