import { existsSync } from 'node:fs';

/** Where browsers are that speak what playwright does. */
const places = [
  process.env.CHROMIUM_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The program of a Chromium on this computer; undefined where there is none: tests of pages are skipped then. */
export const chromiumPath = places.find((path) => path !== '' && existsSync(path));

/** For the names of such tests. */
export const whyNoBrowser = chromiumPath === undefined ? ' (skipped: no Chromium here; set CHROMIUM_PATH)' : '';
