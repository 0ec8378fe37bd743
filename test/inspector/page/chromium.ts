import { type Browser, chromium } from 'playwright-core';
import { chromiumPath } from '../../support/chromium.js';

/** Undefined where there is a browser to test with; else why the tests are left out, for their name. */
export const missingChromium = chromiumPath === undefined ? 'left out: no Chromium here; set CHROMIUM_PATH' : undefined;

/** A ceiling for a busy machine; it takes a second where nothing else runs. */
const START_MS = 120_000;

/** A headless browser. What runs in containers has no sandbox, and the page under test is ours. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('there is no Chromium here');
  return chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    timeout: START_MS,
  });
}
