import { existsSync } from 'node:fs';

/** Usual paths of browsers that playwright supports. */
const places = [
  process.env.CHROMIUM_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Path of a Chromium on this computer; undefined if none is found, in which case page tests are skipped. */
export const chromiumPath = places.find((path) => path !== '' && existsSync(path));

/** Suffix for the titles of such tests. */
export const whyNoBrowser = chromiumPath === undefined ? ' (skipped: no Chromium here; set CHROMIUM_PATH)' : '';
