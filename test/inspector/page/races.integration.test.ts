import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { FeedMessage, PageMessage } from '../../../src/inspector/feed.js';
import { watches } from './fake-feed.js';
import * as fake from './fake-router.js';
import { because, describeInChromium, PageStage } from './page-stage.js';

const stage = new PageStage();

/** Presses keys without a turn of the page's event loop in between. */
function press(page: Page, ...keys: readonly string[]): Promise<void> {
  return page.evaluate(`for (const key of ${JSON.stringify(keys)}) {
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  }`);
}

/** Navigates as a link or the browser's back button does. */
function follow(page: Page, hash: string): Promise<void> {
  return page.evaluate(`new Promise((resolve) => {
    addEventListener('hashchange', () => resolve(), { once: true });
    location.hash = '${hash}';
  })`);
}

const line = (address: string): FeedMessage => ({
  type: 'traffic',
  seen: 1,
  lines: [{ atMs: fake.NOW_MS, from: 'x', kind: 'set', address }],
});

type SetRequest = Extract<PageMessage, { readonly type: 'set' }>;

const isSet =
  (value: unknown) =>
  (message: PageMessage): message is SetRequest =>
    message.type === 'set' && JSON.stringify(message.value) === JSON.stringify(value);

/** Withholds the answers to writes until the test sends them. */
function holdAnswers(): void {
  const { answer } = stage.feed;
  stage.feed.answer = (message) => (message.type === 'set' ? [] : answer(message));
}

function sets(): readonly unknown[] {
  return stage.feed.asked.flatMap((message) => (message.type === 'set' ? [message.value] : []));
}

const choose = (page: Page, address: string): Promise<void> => page.getByTitle(address, { exact: true }).click();

describeInChromium(`input in the page while another operation is in progress${because}`, () => {
  stage.setUp();

  it('keeps the traffic paused, with its lines, when the connection is lost', async () => {
    const page = await stage.open('#traffic');
    await stage.feed.heard(watches('traffic')); // and has answered
    stage.feed.send(line('/first'));
    await page.locator('.traffic-cells', { hasText: '/first' }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    const known = stage.feed.asked.length;
    stage.feed.answer = () => [];
    stage.feed.drop();
    await stage.feed.heard((message): message is PageMessage => {
      return watches('traffic')(message) && stage.feed.asked.indexOf(message) >= known;
    });
    stage.feed.send(line('/second'));
    await page.getByRole('button', { name: 'Resume, 1 newer' }).waitFor();
    expect(await page.locator('.traffic-cells', { hasText: '/first' }).count()).toBe(1);
    expect(await page.locator('.traffic-cells', { hasText: '/second' }).count()).toBe(0);
  });

  it('keeps the traffic paused if it was paused before the first message', async () => {
    stage.feed.greeting = [];
    stage.feed.answer = () => [];
    const page = await stage.openBlank();
    await page.goto(`${stage.feed.url}#traffic`);
    await page.locator('.traffic:visible').waitFor();
    await press(page, 'p');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await stage.feed.joined();
    stage.feed.send(fake.welcome, line('/first'));
    await page.getByRole('button', { name: 'Resume, 1 newer' }).waitFor();
  });

  it('restarts the traffic at another pattern, and when the user returns to the view', async () => {
    stage.feed.answer = () => [];
    const page = await stage.open('#traffic');
    for (const hashes of [['#traffic/a/**'], ['#sessions', '#traffic/a/**']]) {
      stage.feed.send(line('/a/first'));
      await page.locator('.traffic-cells', { hasText: '/a/first' }).waitFor();
      await press(page, 'p');
      await page.getByRole('button', { name: 'Resume' }).waitFor();
      for (const hash of hashes) await follow(page, hash);
      await page.getByRole('button', { name: 'Pause' }).waitFor();
      expect(await page.locator('.traffic .list-row:visible').count()).toBe(0);
    }
  });

  it.each([
    ['signals', 'Filter signals by address'],
    ['traffic', 'Filter traffic by address'],
  ])('stays away from the %s if a filter was being typed when the user left', async (view, label) => {
    const page = await stage.open(`#${view}`);
    const field = page.getByLabel(label);
    await field.waitFor();
    await page.evaluate('globalThis.later = []; globalThis.setTimeout = (run) => later.push(run)');
    await field.fill('dim');
    await press(page, 'Escape', '1');
    expect(await page.evaluate('location.hash')).toBe('#sessions');
    // The typed filter was applied, and is restored later.
    expect(await page.locator(`.tabs a[href^="#${view}"]`).getAttribute('href')).toBe(`#${view}/**/*dim*/**`);
    await follow(page, `#${view}`);
    await field.fill('level');
    await follow(page, '#chart');
    await page.evaluate('for (const run of later) run()');
    expect(await page.evaluate('location.hash')).toBe('#chart');
  });

  it('opens the session that a row shows, even if another one has its index already', async () => {
    const page = await stage.open();
    await page.locator('.sessions .list-row', { hasText: 'FOH tablet' }).waitFor();
    await page.evaluate('globalThis.requestAnimationFrame = () => 0');
    stage.feed.send({ ...fake.sessionsMessage(0), total: 11, rows: [], removed: ['s5'] }); // the one before it
    await page.getByText('11 sessions', { exact: true }).waitFor();
    await page.evaluate(`[...document.querySelectorAll('.sessions .list-row')]
      .find(({ innerText }) => innerText.includes('FOH tablet'))
      .click()`);
    expect(await page.evaluate('location.hash')).toBe('#chart/x:101');
  });

  it('keeps the chip of a state under the pointer when sessions enter other states', async () => {
    const page = await stage.open();
    await page.getByRole('button', { name: 'congested 2' }).focus();
    const row = fake.session(20, { state: 'authenticating' });
    stage.feed.send({ ...fake.sessionsMessage(0), total: 13, rows: [row] });
    await page.getByRole('button', { name: 'authenticating 1' }).waitFor();
    expect(await page.evaluate('document.activeElement.innerText')).toBe('congested 2');
    const chips = page.locator('.sessions .chips button');
    expect(await chips.allInnerTexts()).toEqual([
      'active 8',
      'authenticating 1',
      'awaitingHello 1',
      'congested 2',
      'draining 1',
    ]);
    stage.feed.send({ ...fake.sessionsMessage(0), total: 12, rows: [], removed: [row.id] });
    await page.getByRole('button', { name: 'authenticating 1' }).waitFor({ state: 'detached' });
  });

  it('keeps further input while the previous value is in flight', async () => {
    const page = await stage.open('#signals');
    holdAnswers();
    await choose(page, '/cue/name');
    const field = page.getByLabel('New value');
    await field.fill('Act 3');
    await field.press('Enter');
    const { id } = await stage.feed.heard(isSet('Act 3'));
    await field.fill('Act 35');
    stage.feed.send({ type: 'done', id });
    await page.getByText('Set.', { exact: true }).waitFor();
    stage.feed.send(fake.signalsMessage([fake.signal('/cue/name', { value: 'Act 3', kind: 'string' })]));
    await page.locator('.signal-panel .value', { hasText: 'Act 3' }).waitFor();
    expect(await field.inputValue()).toBe('Act 35');
    // Input without further changes follows the router again.
    await field.press('Enter');
    stage.feed.send({ type: 'done', id: (await stage.feed.heard(isSet('Act 35'))).id });
    await page.waitForFunction(`document.querySelector('.editor .result').textContent === 'Set.'`);
    stage.feed.send(fake.signalsMessage([fake.signal('/cue/name', { value: 'Act 4', kind: 'string' })]));
    await page.waitForFunction(`document.querySelector('.editor textarea').value === 'Act 4'`);
  });

  it('sends a value of one signal while a write of another one is in flight', async () => {
    const page = await stage.open('#signals');
    holdAnswers();
    await choose(page, '/audio/master/level');
    await page.getByLabel('Fader').fill('0.25');
    const first = await stage.feed.heard(isSet(0.25));
    await choose(page, '/lights/1/dim');
    await page.getByLabel('Fader').fill('0.5');
    expect(await stage.feed.heard(isSet(0.5))).toMatchObject({ address: '/lights/1/dim' });
    await page.getByLabel('Fader').fill('0.75'); // waits for the answer
    stage.feed.send({ type: 'done', id: first.id, error: 'of the other' });
    // A value set by another control replaces the pending one.
    await page.getByLabel('New value').fill('1');
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    for (const value of [0.5, 1]) stage.feed.send({ type: 'done', id: (await stage.feed.heard(isSet(value))).id });
    await page.getByText('Set.', { exact: true }).waitFor();
    await page.getByLabel('Fader').fill('0.125');
    await stage.feed.heard(isSet(0.125));
    expect(sets()).toEqual([0.25, 0.5, 1, 0.125]);
    expect(await page.getByText('of the other').count()).toBe(0);
  });

  it('toggles a switch back if it is pressed twice, and if the write is refused', async () => {
    const page = await stage.open('#signals');
    holdAnswers();
    await choose(page, '/lights/2/on');
    const toggle = page.getByRole('switch');
    await toggle.click();
    await toggle.click();
    await toggle.click();
    const id = (message: PageMessage): message is SetRequest => message.type === 'set' && message.id === 3;
    await stage.feed.heard(id);
    expect(sets()).toEqual([false, true, false]);
    stage.feed.send({ type: 'done', id: 1 }, { type: 'done', id: 2 }, { type: 'done', id: 3, error: 'It is locked' });
    await page.getByText('It is locked').waitFor();
    expect(await toggle.innerText()).toBe('On');
  });

  it('does not treat typed keys as commands if the edited signal is removed', async () => {
    const page = await stage.open('#signals');
    await choose(page, '/cue/name');
    const field = page.getByLabel('New value');
    await field.fill('Act ');
    stage.feed.send({ ...fake.signalsMessage([]), removed: ['/cue/name'], total: 59 });
    await page.getByText('This signal no longer exists').waitFor();
    await page.keyboard.type('4');
    expect(await field.inputValue()).toBe('Act 4');
    expect(await page.evaluate('location.hash')).toBe('#signals');
    stage.feed.send(fake.signalsMessage([fake.signal('/cue/name', { value: 'Act 1', kind: 'string' })]));
    await page.getByText('This signal no longer exists').waitFor({ state: 'hidden' });
    expect(await field.inputValue()).toBe('Act 4');
  });

  it('reports a failed chart only in the view of that chart', async () => {
    stage.expected = /Failed to load resource/;
    let fail: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (fail = resolve));
    const page = await stage.openBlank();
    await page.route('**/elk.js', async (route) => {
      await held;
      await route.abort();
    });
    await page.goto(`${stage.feed.url}#chart/x:2`);
    await page.getByText('Drawing …').waitFor();
    const plain: FeedMessage = { type: 'actor', actor: { ...fake.door, ...fake.actors[1]!, activeNodes: [] } };
    stage.feed.answer = (message) => (message.type === 'watch' && message.view === 'actor' ? [plain] : []);
    await page.getByRole('option', { name: 'router' }).click();
    await page.getByText('not a state machine').waitFor();
    const failed = page.evaluate(`new Promise((resolve) => {
      addEventListener('error', () => setTimeout(resolve), { capture: true, once: true });
    })`);
    await page.evaluate('0'); // resolves when the page listens
    fail();
    await failed;
    expect(await page.locator('.stage .empty').innerText()).toContain('not a state machine');
  });

  it('does not lay out a chart for a view that was left before the answer arrived', async () => {
    const { answer } = stage.feed;
    stage.feed.answer = (message) => (message.type === 'watch' && message.view === 'actor' ? [] : answer(message));
    const page = await stage.open('#chart/x:2');
    await stage.feed.heard(watches('actor'));
    await press(page, '1');
    stage.feed.send({ type: 'actor', actor: fake.door }, { ...fake.sessionsMessage(0), total: 7, rows: [] });
    await page.locator('.totals', { hasText: '7' }).waitFor();
    expect(await page.locator('script[src*="elk"]').count()).toBe(0);
  });

  it('has the router’s name in the tab title as soon as it is known', async () => {
    const page = await stage.open();
    expect(await page.title()).toBe('Sessions · Main stage');
  });
});
