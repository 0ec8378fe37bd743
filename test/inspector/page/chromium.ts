import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** Undefined where there is a browser to test with; else why the tests are left out, for their name. */
export const missingChromium = existsSync(executablePath) ? undefined : `left out: there is no ${executablePath}`;

/** A headless browser. What runs in containers has no sandbox, and the page under test is ours. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
