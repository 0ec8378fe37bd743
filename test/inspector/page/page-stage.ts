import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium, missingChromium } from './chromium.js';
import { FakeFeed } from './fake-feed.js';
import * as fake from './fake-router.js';

/** Ceilings for what never comes, far above what a busy machine takes: a test of ten steps takes one second where nothing else runs. */
const PATIENCE_MS = 60_000;
const TEST_MS = 180_000;
const SOCKET = /WebSocket connection/;

/** The page in a browser with a feed in the hands of the tests: a feed and a context for each of them. */
export class PageStage {
  /** Answers as a router with twelve sessions does, unless a test says otherwise. */
  feed!: FakeFeed; // there before each test
  context!: BrowserContext; // there once a page is open
  /** Lines of the browser's own that are no faults of the page: about a socket that does not open, for one. */
  expected = SOCKET;
  #browser: Browser | undefined;
  /** What went wrong inside the page. */
  #faults: string[] = [];

  /** To be called once, inside a `describe`. */
  setUp(): void {
    jest.setTimeout(TEST_MS);
    beforeAll(async () => {
      this.#browser = await launchChromium();
    });
    afterAll(() => this.#browser?.close());
    beforeEach(async () => {
      this.#faults = [];
      this.expected = SOCKET;
      this.feed = await FakeFeed.start();
      this.feed.greeting = [fake.welcome, { type: 'actors', actors: fake.actors }];
      this.feed.answer = fake.answers(12);
    });
    afterEach(async () => {
      await this.context.close();
      await this.feed.stop();
      expect(this.#faults).toEqual([]);
    });
  }

  /** Opens the page and waits until it is welcome. */
  async open(hash = '', viewport = { width: 1_440, height: 900 }): Promise<Page> {
    const page = await this.openBlank(viewport);
    await page.goto(this.feed.url + hash);
    await page.getByRole('banner').getByText('connected', { exact: true }).waitFor();
    return page;
  }

  /** A tab that has not gone to the page yet. */
  async openBlank(viewport = { width: 1_440, height: 900 }): Promise<Page> {
    if (this.#browser === undefined) throw new Error('there is no browser before the first test');
    this.context = await this.#browser.newContext({ viewport });
    this.context.setDefaultTimeout(PATIENCE_MS);
    const page = await this.context.newPage();
    page.on('pageerror', (error) => this.#faults.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error' && !this.expected.test(line.text())) this.#faults.push(line.text());
    });
    return page;
  }
}

/** As `describe`, left out where there is no browser. */
export const describeInChromium = missingChromium === undefined ? describe : describe.skip;
/** Why it is left out, for its name. */
export const because = missingChromium === undefined ? '' : ` (${missingChromium})`;
