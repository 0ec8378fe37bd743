import { type Browser, chromium } from 'playwright-core';
import { chromiumPath } from '../../support/chromium.js';

/** Undefined if a browser is available; else the reason why the tests are skipped, for their titles. */
export const missingChromium = chromiumPath === undefined ? 'skipped: no Chromium; set CHROMIUM_PATH' : undefined;

/** Upper bound for a busy machine; the start takes 1 s on an idle one. */
const START_MS = 120_000;

/** Starts a headless browser without a sandbox: containers do not have one, and the page under test is trusted. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('Chromium is not installed');
  return chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    timeout: START_MS,
  });
}
