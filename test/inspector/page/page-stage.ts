import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium, missingChromium } from './chromium.js';
import { FakeFeed } from './fake-feed.js';
import * as fake from './fake-router.js';

/** Upper bounds for events that never occur, for busy machines: a test of ten steps takes 1 s on an idle one. */
const PATIENCE_MS = 60_000;
const TEST_MS = 180_000;
const SOCKET = /WebSocket connection/;

/** The page in a browser, with a feed that the tests control. Each test has its own feed and browser context. */
export class PageStage {
  /** Answers as a router with twelve sessions, unless a test sets another answer. */
  feed!: FakeFeed; // set before each test
  context!: BrowserContext; // set once a page is open
  /** Console lines of the browser that are not errors of the page, for example about a failed socket. */
  expected = SOCKET;
  #browser: Browser | undefined;
  /** Errors inside the page. */
  #faults: string[] = [];

  /** Call once, inside a `describe`. */
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

  /** Opens the page and waits for the welcome. */
  async open(hash = '', viewport = { width: 1_440, height: 900 }): Promise<Page> {
    const page = await this.openBlank(viewport);
    await page.goto(this.feed.url + hash);
    await page.getByRole('banner').getByText('connected', { exact: true }).waitFor();
    return page;
  }

  /** Returns a tab that has not opened the page. */
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

/** As `describe`, but skipped if no browser is available. */
export const describeInChromium = missingChromium === undefined ? describe : describe.skip;
/** Reason of the skip, for the title. */
export const because = missingChromium === undefined ? '' : ` (${missingChromium})`;
