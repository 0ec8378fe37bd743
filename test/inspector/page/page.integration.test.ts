import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { FeedMessage, PageMessage } from '../../../src/inspector/feed.js';
import { launchChromium, missingChromium } from './chromium.js';
import { FakeFeed, watches } from './fake-feed.js';
import * as fake from './fake-router.js';

const PATIENCE_MS = 5_000;
const describeInChromium = missingChromium === undefined ? describe : describe.skip;
const because = missingChromium === undefined ? '' : ` (${missingChromium})`;

let browser: Browser;
let context: BrowserContext;
let feed: FakeFeed;
/** What went wrong inside the page. */
let faults: string[];

/** Opens the page and waits until it is welcome. */
async function open(hash = '', viewport = { width: 1_440, height: 900 }, newContext = true): Promise<Page> {
  if (newContext) context = await browser.newContext({ viewport });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (line) => {
    // The browser's own line about a socket that does not open is no fault of the page.
    if (line.type() === 'error' && !line.text().includes('WebSocket connection')) faults.push(line.text());
  });
  await page.goto(feed.url + hash);
  await page.getByRole('banner').getByText('connected', { exact: true }).waitFor();
  return page;
}

/** Rows of the list in sight, each by its text. */
async function rows(page: Page): Promise<readonly string[]> {
  return page.locator('.view:visible .list-row:visible').allInnerTexts();
}

/** The text of the one element that is chosen with the keys. */
function chosen(page: Page): ReturnType<Page['locator']> {
  return page.locator('.view:visible .list-row[aria-selected="true"]');
}

beforeEach(async () => {
  faults = [];
  feed = await FakeFeed.start();
  feed.greeting = [fake.welcome, { type: 'actors', actors: fake.actors }];
  feed.answer = fake.answers(12);
});
afterEach(async () => {
  await context.close();
  await feed.stop();
  expect(faults).toEqual([]);
});

describeInChromium(`the inspector's page in Chromium${because}`, () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  it('shows the sessions, and those alone that the filter lets through', async () => {
    const page = await open();
    await page.getByText('12 sessions', { exact: true }).waitFor();
    expect(await rows(page)).toHaveLength(12);
    await page.getByLabel('Filter sessions').fill('phone');
    await page.getByText('2 of 12 sessions').waitFor();
    expect((await rows(page)).join()).toMatch(/Stage left phone[^]*Stage right phone/);
    await page.getByRole('button', { name: 'draining 1' }).click();
    await page.getByText('1 of 12 sessions').waitFor();
    feed.send({ ...fake.sessionsMessage(0), total: 11, rows: [], gone: ['s7'] });
    await page.getByText('No session matches').waitFor();
  });

  it('sorts by a column, and back', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Out /s' }).click();
    await page.locator('.list-row[aria-rowindex="1"]', { hasText: 'Follow spot' }).waitFor();
    await page.getByRole('button', { name: 'Out /s' }).click();
    await page.locator('.list-row[aria-rowindex="1"]', { hasText: 'Light desk' }).waitFor();
  });

  it('lights the state a session comes into, with the way it took', async () => {
    const page = await open('#chart/x:101');
    const state = (key: string): string => `[data-node="session.${key}"].is-active`;
    await page.locator(state('active')).waitFor();
    await page.evaluate(`
      const lit = new MutationObserver(() => {
        if (document.querySelector('${state('congested')}') === null) return;
        lit.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => { globalThis.litAt = Date.now(); }));
      });
      lit.observe(document.querySelector('.chart'), { subtree: true, attributes: true });
    `);
    const row = fake.session(1, { state: 'congested' });
    const sentAt = Date.now();
    feed.send({ type: 'actor', actor: fake.detail(row) });
    await page.locator('.line.is-last[data-edge="session.active→session.congested"]').waitFor();
    await page.waitForFunction('globalThis.litAt !== undefined');
    const litAt = await page.evaluate<number>('globalThis.litAt');
    process.stdout.write(`a state is lit and painted ${litAt - sentAt} ms after the router has said so\n`);
    expect(await page.locator('.is-active').evaluateAll((lit) => lit.length)).toBe(2); // the machine and the state
    await page.locator('.reason', { hasText: 'slower than messages come' }).waitFor();
    await page.locator('.transitions li', { hasText: 'connection.congested' }).first().waitFor();
  });

  it('is moved and scaled by wheel, drag and keys, and all of it comes back', async () => {
    const page = await open('#chart/x:2');
    await page.locator('[data-node="listener.open"]').waitFor();
    const moves = async (act: () => Promise<void>): Promise<void> => {
      const transform = `document.querySelector('.chart-frame > g').getAttribute('transform')`;
      const before = await page.evaluate<string>(transform);
      await act();
      await page.waitForFunction(`${transform} !== ${JSON.stringify(before)}`);
    };
    await page.mouse.move(600, 400);
    await moves(() => page.mouse.wheel(0, -300));
    await moves(() => page.keyboard.press('0'));
    const fitted = await page.locator('[data-node="listener"]').boundingBox();
    await moves(() => page.keyboard.press('+'));
    await moves(() => page.keyboard.press('-'));
    await moves(async () => {
      await page.mouse.down();
      await page.mouse.move(700, 450);
      await page.mouse.up();
    });
    await moves(() => page.keyboard.press('ArrowLeft')); // the drag has given it the focus
    await moves(() => page.getByRole('button', { name: 'Fit' }).click());
    expect(await page.locator('[data-node="listener"]').boundingBox()).toEqual(fitted);
    const stage = await page.locator('.stage').boundingBox();
    expect(fitted!.y).toBeGreaterThanOrEqual(stage!.y);
    expect(fitted!.y + fitted!.height).toBeLessThanOrEqual(stage!.y + stage!.height);
  });

  it('draws states in states, and says of plain code that it is some', async () => {
    const page = await open('#chart/x:2');
    await page.locator('[data-node="listener.open.listening"].is-active').waitFor();
    expect(await page.locator('[data-node="listener.open"].is-active').count()).toBe(1);
    feed.answer = (message) =>
      message.type === 'watch' && message.view === 'actor'
        ? [{ type: 'actor', actor: { ...fake.door, ...fake.actors[1]!, activeNodes: [] } }]
        : [];
    await page.getByRole('option', { name: 'router' }).click();
    await page.getByText('plain code and no machine').waitFor();
  });

  it('keeps as many rows of 1,000 sessions as are in sight', async () => {
    feed.answer = fake.answers(1_000);
    const page = await open();
    await page.getByText('1000 sessions', { exact: true }).waitFor();
    const elements = (): Promise<number> => page.locator('.list-row').count();
    expect(await elements()).toBeLessThan(60);
    await page.keyboard.press('j');
    await page.keyboard.press('End');
    await page.locator('.list-row[aria-rowindex="1000"]').waitFor();
    expect(await elements()).toBeLessThan(60);
    for (let turn = 0; turn < 20; turn++) await page.keyboard.press('PageUp');
    expect(await elements()).toBeLessThan(60);
    await page.keyboard.press('End');
    const changed = fake.sessionsMessage(1_000);
    const startedAt = Date.now();
    for (let round = 1; round <= 10; round++)
      feed.send({ ...changed, rows: changed.rows.map((row) => ({ ...row, messagesIn: round })) });
    await page.locator('.list-row[aria-rowindex="1000"] .cell-in', { hasText: /^10$/ }).waitFor();
    process.stdout.write(`1,000 changed rows take the page ${(Date.now() - startedAt) / 10} ms\n`);
  });

  it('shows a hostile name as the text it is', async () => {
    const name = '<img src=x onerror="globalThis.hit=1"><script>globalThis.hit=1</script>';
    const row = fake.session(0, { name, remoteAddress: name, lastError: { code: 1, text: name, atMs: 0 } });
    feed.answer = (message) => {
      if (message.type !== 'watch') return [];
      switch (message.view) {
        case 'sessions':
          return [{ ...fake.sessionsMessage(0), total: 1, rows: [row] }];
        case 'actor':
          return [{ type: 'actor', actor: { ...fake.detail(row), context: { end: { text: name } } } }];
        case 'signals':
          return [fake.signalsMessage([fake.signal(`/${name}`, { value: name, kind: 'string', writer: name })])];
        case 'traffic':
          return [
            { type: 'traffic', seen: 1, lines: [{ atMs: 0, from: name, kind: name, address: name, value: name }] },
          ];
        case 'stately':
          return [];
      }
    };
    feed.greeting = [{ ...fake.welcome, router: name }];
    const page = await open();
    await page.locator('.list-row .cell-name', { hasText: name }).click();
    await page.locator('.reason', { hasText: name }).waitFor();
    await page.keyboard.press('3');
    await page.locator('.signals .cell-value', { hasText: 'onerror' }).click();
    await page.locator('.signal-panel h2', { hasText: name }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('4');
    await page.locator('.traffic .cell-from', { hasText: name }).waitFor();
    expect(await page.locator('img, main script').count()).toBe(0);
    expect(await page.evaluate('globalThis.hit')).toBeUndefined();
  });

  it('is walked through with the keys alone', async () => {
    const page = await open();
    await page.getByText('12 sessions', { exact: true }).waitFor();
    const press = (...keys: readonly string[]): Promise<void> =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    await press('j', 'j');
    await chosen(page).filter({ hasText: 'FOH tablet' }).waitFor();
    await press('/');
    await page.keyboard.type('follow');
    await page.getByText('1 of 12 sessions').waitFor();
    await press('Escape', 'j', 'Enter');
    await page.locator('[data-node="session.congested"].is-active').waitFor();
    expect(page.url()).toMatch(/#chart\/x:111$/);
    await press('3');
    await page.getByText('60 signals').waitFor();
    await press('j', 'ArrowLeft'); // folds /audio, whose rows are gone then
    await page.locator('.signal-cells[aria-expanded="false"]', { hasText: 'audio' }).waitFor();
    await press('ArrowRight', 'j', 'j', 'Enter');
    await page.locator('.signal-panel h2', { hasText: '/audio/master/gain' }).waitFor();
    await press('Escape', 'Escape');
    await page.getByText('Choose a signal').waitFor();
    await press('4', 'p');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await press('Escape');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await press('2');
    await page.locator('[data-node="session.congested"].is-active').waitFor(); // where it was left
    await press('1');
    await page.locator('.sessions:visible').waitFor();
    expect(await page.evaluate('document.activeElement.className')).toBe('list');
  });

  it('gives the keys behind a tab to the view of that tab, however fast they follow', async () => {
    const page = await open('#sessions');
    await page.getByText('12 sessions', { exact: true }).waitFor();
    await page.evaluate(`for (const key of ['4', 'p']) {
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    }`);
    await page.getByRole('button', { name: 'Resume' }).waitFor();
  });

  it('sets a param and fires an event, and says what came of it', async () => {
    const page = await open('#signals');
    const writes = (): readonly PageMessage[] => feed.asked.filter(({ type }) => type === 'set' || type === 'emit');
    const choose = (address: string): Promise<void> => page.getByTitle(address, { exact: true }).click();
    await choose('/cue/current');
    const field = page.getByLabel('New value');
    await field.fill('7.5');
    await field.press('Enter');
    await page.getByText('not a whole number').waitFor();
    await field.fill('42');
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    await page.getByText('Set.', { exact: true }).waitFor();
    expect(writes()).toEqual([{ type: 'set', id: 1, address: '/cue/current', value: { $int: '42' } }]);

    const answer = feed.answer;
    feed.answer = (message) =>
      message.type === 'set' ? [{ type: 'done', id: message.id, error: 'Parameter is locked' }] : answer(message);
    await choose('/audio/master/level');
    await page.getByLabel('Fader').fill('0.25');
    await page.getByText('Parameter is locked').waitFor();
    expect(writes().at(-1)).toEqual({ type: 'set', id: 2, address: '/audio/master/level', value: 0.25 });

    await page.getByLabel('Filter signals by address').fill('/lights/2');
    await feed.heard(
      (message): message is PageMessage =>
        watches('signals')(message) && message.view === 'signals' && message.pattern === '/lights/2/**',
    );
    await choose('/lights/2/on');
    await page.getByRole('switch').click();
    await feed.heard((message): message is PageMessage => message.type === 'set' && message.value === false);

    await page.getByLabel('Address of the event').fill('/cue/go');
    await page.getByLabel('Value of the event').fill('{"scene": 3}');
    await page.getByRole('button', { name: 'Fire' }).click();
    await page.getByText('Fired.').waitFor();
    expect(writes().at(-1)).toEqual({ type: 'emit', id: 4, address: '/cue/go', value: { scene: 3 } });
  });

  it('leaves what somebody is typing alone while the signal changes', async () => {
    const page = await open('#signals');
    await page.getByTitle('/cue/name', { exact: true }).click();
    const field = page.getByLabel('New value');
    await field.fill('Act 3');
    feed.send(fake.signalsMessage([fake.signal('/cue/name', { value: 'Act 9', kind: 'string' })]));
    await page.locator('.signal-panel .value', { hasText: 'Act 9' }).waitFor();
    expect(await field.inputValue()).toBe('Act 3');
  });

  it('offers no writing where it is not allowed', async () => {
    feed.greeting = [{ ...fake.welcome, mayWrite: false }];
    const page = await open('#signals');
    await page.getByTitle('/cue/name', { exact: true }).click();
    await page.getByText('lets the page look, and not write').waitFor();
    expect(await page.locator('.editor:visible, .emit:visible').count()).toBe(0);
  });

  it('asks for a token where one is needed', async () => {
    feed.greeting = [{ ...fake.welcome, needsToken: true }];
    const answer = feed.answer;
    feed.answer = (message) => {
      if (message.type !== 'authenticate') return answer(message);
      return message.token === 'good' ? [fake.welcome] : [{ type: 'refused', text: 'The token is not known' }];
    };
    context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(feed.url);
    await page.getByLabel('Token', { exact: true }).last().fill('bad');
    await page.keyboard.press('Enter');
    await page.getByText('The token is not known').waitFor();
    await page.getByLabel('Token', { exact: true }).last().fill('good');
    await page.keyboard.press('Enter');
    await page.getByText('12 sessions', { exact: true }).waitFor();
    expect(await page.locator('form.token:visible').count()).toBe(0);
  });

  it('finds its way back after the router was gone, to the same view', async () => {
    const page = await open('#traffic/lights/**');
    await feed.heard(watches('traffic'));
    const known = feed.asked.length;
    feed.answer = fake.answers(3);
    feed.drop();
    await page.getByText('trying again').waitFor();
    await page.getByText('trying again').waitFor({ state: 'hidden' });
    await page.locator('.totals', { hasText: '3' }).waitFor();
    expect(feed.asked.slice(known)).toEqual([
      { type: 'watch', view: 'sessions' },
      { type: 'watch', view: 'traffic', pattern: '/lights/**' },
    ]);
    await page.reload();
    await page.locator('.traffic:visible').waitFor();
    expect(page.url()).toMatch(/#traffic\/lights\/\*\*$/);
  });

  it('pauses the traffic under one’s eyes, and goes on', async () => {
    const page = await open('#traffic');
    const message = (text: string): FeedMessage => ({
      type: 'traffic',
      seen: 1,
      lines: [{ atMs: fake.NOW_MS, from: 'x', kind: 'set', address: `/${text}` }],
    });
    feed.send(message('first'));
    await page.locator('.traffic-cells', { hasText: '/first' }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    feed.send(message('second'));
    await page.getByRole('button', { name: 'Resume, 1 newer' }).waitFor();
    expect((await rows(page)).join()).not.toContain('/second');
    await page.getByRole('button', { name: 'Resume, 1 newer' }).click();
    await page.locator('.traffic-cells', { hasText: '/second' }).waitFor();
  });

  it('does not take what is under way for another pattern for what is watched', async () => {
    const page = await open('#signals/a/**');
    await feed.heard(watches('signals'));
    feed.send({ ...fake.signalsMessage([fake.signal('/b/stale')]), pattern: '/b/**' });
    feed.send({ ...fake.signalsMessage([fake.signal('/a/fresh')]), pattern: '/a/**' });
    await page.getByTitle('/a/fresh', { exact: true }).waitFor();
    expect(await page.getByTitle('/b/stale', { exact: true }).count()).toBe(0);
  });

  it('has no sideways scroll on a phone, and fits a thumb', async () => {
    const page = await open('', { width: 390, height: 844 });
    await page.getByText('12 sessions', { exact: true }).waitFor();
    for (const hash of ['#sessions', '#chart', '#chart/x:103', '#signals', '#traffic']) {
      await page.evaluate(`location.hash = '${hash}'`);
      await page.locator('.view:visible').waitFor();
      if (hash === '#chart/x:103') await page.locator('[data-node="session.congested"].is-active').waitFor();
      if (hash === '#signals') {
        await page.getByTitle('/lights/1/dim', { exact: true }).click();
        await page.locator('.signal-panel h2:visible').waitFor();
      }
      expect([hash, await page.evaluate(beyondTheEdge), await page.evaluate(tooSmall)]).toEqual([hash, [], []]);
    }
  });

  it('hands the machines on to stately.ai, and listens to no other window', async () => {
    const page = await open();
    await context.route('https://stately.ai/**', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<script>
          globalThis.got = [];
          addEventListener('message', ({ data }) => got.push(data));
          setTimeout(() => opener.postMessage({ type: '@statelyai.connected' }, '*'));
        </script>`,
      }),
    );
    await page.evaluate(`postMessage({ type: '@statelyai.connected' }, '*')`);
    const [stately] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('button', { name: 'Stately' }).click(),
    ]);
    await stately.waitForFunction('globalThis.got?.length > 0');
    expect(await stately.evaluate('got')).toEqual([{ type: '@xstate.actor', name: 'root' }]);
    expect(feed.asked.filter(watches('stately'))).toHaveLength(1);
    await stately.close();
    await feed.heard((message): message is PageMessage => message.type === 'unwatch' && message.view === 'stately');
  });
});

/** What reaches over the right edge and is not meant to be scrolled or panned. */
const beyondTheEdge = `[...document.querySelectorAll('.inspector *')]
  .filter((element) => element.closest('.chips, .chart-frame') === null && element.checkVisibility())
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
  .map((element) => element.tagName + '.' + element.getAttribute('class'))`;

/** Buttons, links and fields that are too low for a finger. */
const tooSmall = `[...document.querySelectorAll('button, a, input, textarea')]
  .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 43.5)
  .map((element) => element.outerHTML)`;
