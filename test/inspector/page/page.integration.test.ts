import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { FeedMessage, PageMessage } from '../../../src/inspector/feed.js';
import { watches } from './fake-feed.js';
import * as fake from './fake-router.js';
import { because, describeInChromium, PageStage } from './page-stage.js';

const stage = new PageStage();

/** Returns the text of each visible row. */
async function rows(page: Page): Promise<readonly string[]> {
  return page.locator('.view:visible .list-row:visible').allInnerTexts();
}

/** Returns the text of the selected element. */
function chosen(page: Page): ReturnType<Page['locator']> {
  return page.locator('.view:visible .list-row[aria-selected="true"]');
}

describeInChromium(`the inspector's page in Chromium${because}`, () => {
  stage.setUp();

  it('shows the sessions, and with a filter only the matching ones', async () => {
    const page = await stage.open();
    await page.getByText('12 sessions', { exact: true }).waitFor();
    expect(await rows(page)).toHaveLength(12);
    await page.getByLabel('Filter sessions').fill('phone');
    await page.getByText('2 of 12 sessions').waitFor();
    expect((await rows(page)).join()).toMatch(/Stage left phone[^]*Stage right phone/);
    await page.getByRole('button', { name: 'draining 1' }).click();
    await page.getByText('1 of 12 sessions').waitFor();
    stage.feed.send({ ...fake.sessionsMessage(0), total: 11, rows: [], removed: ['s7'] });
    await page.getByText('No session matches').waitFor();
  });

  it('sorts by a column in both orders', async () => {
    const page = await stage.open();
    await page.getByRole('button', { name: 'Out /s' }).click();
    await page.locator('.list-row[aria-rowindex="1"]', { hasText: 'Follow spot' }).waitFor();
    await page.getByRole('button', { name: 'Out /s' }).click();
    await page.locator('.list-row[aria-rowindex="1"]', { hasText: 'Light desk' }).waitFor();
  });

  it('highlights the state that a session enters, and the transition', async () => {
    const page = await stage.open('#chart/x:101');
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
    stage.feed.send({ type: 'actor', actor: fake.detail(row) });
    await page.locator('.line.is-last[data-edge="session.active→session.congested"]').waitFor();
    await page.waitForFunction('globalThis.litAt !== undefined');
    const litAt = await page.evaluate<number>('globalThis.litAt');
    process.stdout.write(`a state is lit and painted ${litAt - sentAt} ms after the router has said so\n`);
    expect(await page.locator('.is-active').evaluateAll((lit) => lit.length)).toBe(2); // machine and state
    await page.locator('.reason', { hasText: 'slower than messages arrive' }).waitFor();
    await page.locator('.transitions li', { hasText: 'connection.congested' }).first().waitFor();
  });

  it('pans and zooms with wheel, drag and keys, and resets the view', async () => {
    const page = await stage.open('#chart/x:2');
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
    await moves(() => page.keyboard.press('ArrowLeft')); // the drag has set the focus
    await moves(() => page.getByRole('button', { name: 'Fit' }).click());
    expect(await page.locator('[data-node="listener"]').boundingBox()).toEqual(fitted);
    const room = await page.locator('.stage').boundingBox();
    expect(fitted!.y).toBeGreaterThanOrEqual(room!.y);
    expect(fitted!.y + fitted!.height).toBeLessThanOrEqual(room!.y + room!.height);
  });

  it('draws nested states, and states if an actor is not a machine', async () => {
    const page = await stage.open('#chart/x:2');
    await page.locator('[data-node="listener.open.listening"].is-active').waitFor();
    expect(await page.locator('[data-node="listener.open"].is-active').count()).toBe(1);
    stage.feed.answer = (message) =>
      message.type === 'watch' && message.view === 'actor'
        ? [{ type: 'actor', actor: { ...fake.door, ...fake.actors[1]!, activeNodes: [] } }]
        : [];
    await page.getByRole('option', { name: 'router' }).click();
    await page.getByText('not a state machine').waitFor();
  });

  it('creates only the visible rows of 1,000 sessions', async () => {
    stage.feed.answer = fake.answers(1_000);
    const page = await stage.open();
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
      stage.feed.send({ ...changed, rows: changed.rows.map((row) => ({ ...row, messagesIn: round })) });
    await page.locator('.list-row[aria-rowindex="1000"] .cell-in', { hasText: /^10$/ }).waitFor();
    process.stdout.write(`1,000 changed rows take the page ${(Date.now() - startedAt) / 10} ms\n`);
  });

  it('shows a hostile name as plain text', async () => {
    const name = '<img src=x onerror="globalThis.hit=1"><script>globalThis.hit=1</script>';
    const row = fake.session(0, { name, remoteAddress: name, lastError: { code: 1, text: name, atMs: 0 } });
    stage.feed.answer = (message) => {
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
    stage.feed.greeting = [{ ...fake.welcome, router: name }];
    const page = await stage.open();
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

  it('is usable with the keyboard alone', async () => {
    const page = await stage.open();
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
    await press('j', 'ArrowLeft'); // collapses /audio, whose rows then disappear
    await page.locator('.signal-cells[aria-expanded="false"]', { hasText: 'audio' }).waitFor();
    await press('ArrowRight', 'j', 'j', 'Enter');
    await page.locator('.signal-panel h2', { hasText: '/audio/master/gain' }).waitFor();
    await press('Escape', 'Escape');
    await page.getByText('Select a signal').waitFor();
    await press('4', 'p');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await press('Escape');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await press('2');
    await page.locator('[data-node="session.congested"].is-active').waitFor(); // the last location of the view
    await press('1');
    await page.locator('.sessions:visible').waitFor();
    expect(await page.evaluate('document.activeElement.className')).toBe('list');
  });

  it('passes the keys after a tab key to the view of that tab, however fast they follow', async () => {
    const page = await stage.open('#sessions');
    await page.getByText('12 sessions', { exact: true }).waitFor();
    await page.evaluate(`for (const key of ['4', 'p']) {
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    }`);
    await page.getByRole('button', { name: 'Resume' }).waitFor();
  });

  it('sets a param and sends an event, and shows the results', async () => {
    const page = await stage.open('#signals');
    const writes = (): readonly PageMessage[] =>
      stage.feed.asked.filter(({ type }) => type === 'set' || type === 'emit');
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

    const answer = stage.feed.answer;
    stage.feed.answer = (message) =>
      message.type === 'set' ? [{ type: 'done', id: message.id, error: 'Parameter is locked' }] : answer(message);
    await choose('/audio/master/level');
    await page.getByLabel('Fader').fill('0.25');
    await page.getByText('Parameter is locked').waitFor();
    expect(writes().at(-1)).toEqual({ type: 'set', id: 2, address: '/audio/master/level', value: 0.25 });

    await page.getByLabel('Filter signals by address').fill('/lights/2');
    await stage.feed.heard(
      (message): message is PageMessage =>
        watches('signals')(message) && message.view === 'signals' && message.pattern === '/lights/2/**',
    );
    await choose('/lights/2/on');
    await page.getByRole('switch').click();
    await stage.feed.heard((message): message is PageMessage => message.type === 'set' && message.value === false);

    await page.getByLabel('Address of the event').fill('/cue/go');
    await page.getByLabel('Value of the event').fill('{"scene": 3}');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Fired.').waitFor();
    expect(writes().at(-1)).toEqual({ type: 'emit', id: 4, address: '/cue/go', value: { scene: 3 } });
  });

  it('keeps typed input while the signal changes', async () => {
    const page = await stage.open('#signals');
    await page.getByTitle('/cue/name', { exact: true }).click();
    const field = page.getByLabel('New value');
    await field.fill('Act 3');
    stage.feed.send(fake.signalsMessage([fake.signal('/cue/name', { value: 'Act 9', kind: 'string' })]));
    await page.locator('.signal-panel .value', { hasText: 'Act 9' }).waitFor();
    expect(await field.inputValue()).toBe('Act 3');
  });

  it('has no forms if the page must not write', async () => {
    stage.feed.greeting = [{ ...fake.welcome, mayWrite: false }];
    const page = await stage.open('#signals');
    await page.getByTitle('/cue/name', { exact: true }).click();
    await page.getByText('does not allow the page to write').waitFor();
    expect(await page.locator('.editor:visible, .emit:visible').count()).toBe(0);
  });

  it('asks for a token if the router requires one', async () => {
    stage.feed.greeting = [{ ...fake.welcome, needsToken: true }];
    const answer = stage.feed.answer;
    stage.feed.answer = (message) => {
      if (message.type !== 'authenticate') return answer(message);
      return message.token === 'good' ? [fake.welcome] : [{ type: 'refused', text: 'The token is not known' }];
    };
    const page = await stage.openBlank();
    await page.goto(stage.feed.url);
    await page.locator('form.token').getByLabel('Token', { exact: true }).fill('bad');
    await page.keyboard.press('Enter');
    await page.getByText('The token is not known').waitFor();
    await page.locator('form.token').getByLabel('Token', { exact: true }).fill('good');
    await page.keyboard.press('Enter');
    await page.getByText('12 sessions', { exact: true }).waitFor();
    expect(await page.locator('form.token:visible').count()).toBe(0);
  });

  it('reconnects to a restarted router, in the same view', async () => {
    const page = await stage.open('#traffic/lights/**');
    await stage.feed.heard(watches('traffic'));
    const known = stage.feed.asked.length;
    stage.feed.answer = fake.answers(3);
    stage.feed.drop();
    await page.getByText('reconnecting').waitFor();
    await page.getByText('reconnecting').waitFor({ state: 'hidden' });
    await page.locator('.totals', { hasText: '3' }).waitFor();
    expect(stage.feed.asked.slice(known)).toEqual([
      { type: 'watch', view: 'sessions' },
      { type: 'watch', view: 'traffic', pattern: '/lights/**' },
    ]);
    await page.reload();
    await page.locator('.traffic:visible').waitFor();
    expect(page.url()).toMatch(/#traffic\/lights\/\*\*$/);
  });

  it('pauses and resumes the traffic view', async () => {
    const page = await stage.open('#traffic');
    const message = (text: string): FeedMessage => ({
      type: 'traffic',
      seen: 1,
      lines: [{ atMs: fake.NOW_MS, from: 'x', kind: 'set', address: `/${text}` }],
    });
    await stage.feed.heard(watches('traffic')); // and has answered
    stage.feed.send(message('first'));
    await page.locator('.traffic-cells', { hasText: '/first' }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    stage.feed.send(message('second'));
    await page.getByRole('button', { name: 'Resume, 1 newer' }).waitFor();
    expect((await rows(page)).join()).not.toContain('/second');
    await page.getByRole('button', { name: 'Resume, 1 newer' }).click();
    await page.locator('.traffic-cells', { hasText: '/second' }).waitFor();
  });

  it('shows the size of a bundle, however long the address is', async () => {
    stage.feed.answer = (message) => (message.type === 'watch' && message.view === 'traffic' ? [bundle] : []);
    const line = { atMs: fake.NOW_MS, from: 'x', address: `/lights/${'long/'.repeat(200)}dim`, value: 0.5 };
    const bundle: FeedMessage = {
      type: 'traffic',
      seen: 2,
      lines: [
        { ...line, kind: 'bundle', more: 11, note: '11 set, 1 event' },
        { ...line, kind: 'set' },
      ],
    };
    const page = await stage.open('#traffic');
    const cells = page.locator('.traffic .list-row:visible .cell-address');
    await cells.nth(1).waitFor();
    expect(await cells.allInnerTexts()).toEqual([`${line.address}\n+11`, line.address]);
    const [cell, more] = [await cells.first().boundingBox(), await cells.first().locator('.more').boundingBox()];
    expect(more!.x + more!.width).toBeLessThanOrEqual(cell!.x + cell!.width);
    await page.getByText('11 set, 1 event').waitFor();
  });

  it('discards messages in flight that belong to another pattern', async () => {
    const page = await stage.open('#signals/a/**');
    await stage.feed.heard(watches('signals'));
    stage.feed.send({ ...fake.signalsMessage([fake.signal('/b/stale')]), pattern: '/b/**' });
    stage.feed.send({ ...fake.signalsMessage([fake.signal('/a/fresh')]), pattern: '/a/**' });
    await page.getByTitle('/a/fresh', { exact: true }).waitFor();
    expect(await page.getByTitle('/b/stale', { exact: true }).count()).toBe(0);
  });

  it('has no horizontal scroll on a phone, and targets large enough for a thumb', async () => {
    const page = await stage.open('', { width: 390, height: 844 });
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

  it('passes the machines to stately.ai, and ignores messages of other windows', async () => {
    const page = await stage.open();
    await stage.context.route('https://stately.ai/**', (route) =>
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
      stage.context.waitForEvent('page'),
      page.getByRole('button', { name: 'Stately' }).click(),
    ]);
    await stately.waitForFunction('globalThis.got?.length > 0');
    expect(await stately.evaluate('got')).toEqual([{ type: '@xstate.actor', name: 'root' }]);
    expect(stage.feed.asked.filter(watches('stately'))).toHaveLength(1);
    await stately.close();
    await stage.feed.heard(
      (message): message is PageMessage => message.type === 'unwatch' && message.view === 'stately',
    );
  });
});

/** Elements beyond the right edge that are not meant to scroll or pan. */
const beyondTheEdge = `[...document.querySelectorAll('.inspector *')]
  .filter((element) => element.closest('.chips, .chart-frame') === null && element.checkVisibility())
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
  .map((element) => element.tagName + '.' + element.getAttribute('class'))`;

/** Buttons, links and fields whose height is too small for a finger. */
const tooSmall = `[...document.querySelectorAll('button, a, input, textarea')]
  .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 43.5)
  .map((element) => element.outerHTML)`;
