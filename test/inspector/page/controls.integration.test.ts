import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { PageMessage } from '../../../src/inspector/feed.js';
import * as fake from './fake-router.js';
import { because, describeInChromium, PageStage } from './page-stage.js';

const stage = new PageStage();

const LEVEL = '/audio/master/level';

const choose = (page: Page, address: string): Promise<void> => page.getByTitle(address, { exact: true }).click();

/** Returns the writes of the page so far. */
function writes(): readonly unknown[] {
  return stage.feed.asked.flatMap((message) =>
    message.type === 'set' || message.type === 'emit' ? [message.value] : [],
  );
}

/** Resolves once the feed has received everything that the page did before. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(`location.hash = '#traffic/settled/${++settles}'`);
  const pattern = `/settled/${settles}`;
  await stage.feed.heard((message): message is PageMessage => 'pattern' in message && message.pattern === pattern);
}
let settles = 0;

/** Sends the value of a float, and waits until the panel shows it. */
async function say(page: Page, value: number, address = LEVEL): Promise<void> {
  stage.feed.send(fake.signalsMessage([fake.signal(address, { value })]));
  await page.locator('.signal-panel .value', { hasText: new RegExp(`^${value}$`) }).waitFor();
}

const faderOf = (page: Page): Promise<string> => page.getByLabel('Fader').inputValue();

/** Returns center and width of the slider. */
async function placeOfFader(page: Page): Promise<{ x: number; y: number; width: number }> {
  const box = (await page.getByLabel('Fader').boundingBox())!; // the test has opened a param with one
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, width: box.width };
}

const scrollingKeys = ['PageDown', 'End', 'ArrowDown', 'ArrowRight', 'Home', 'PageUp', 'Space'];

describeInChromium(`the controls of the inspector's page that write${because}`, () => {
  stage.setUp();

  it.each([LEVEL, '/lights/2/on', '/cue/current', '/cue/name'])(
    'write nothing to %s if Enter opens it and scroll keys follow',
    async (address) => {
      const page = await stage.open('#signals');
      await choose(page, address);
      await page.locator('.signal-panel h2', { hasText: address }).waitFor();
      for (const key of ['Enter', ...scrollingKeys, 'Enter']) await page.keyboard.press(key);
      expect(await page.evaluate('document.activeElement.tagName')).toBe('H2');
      await settled(page);
      expect(writes()).toEqual([]);
    },
  );

  it.each([LEVEL, '/lights/2/on'])(
    'write nothing to %s if a click opens it and scroll keys follow',
    async (address) => {
      const page = await stage.open('#signals');
      await choose(page, address);
      await page.locator('.signal-panel h2', { hasText: address }).waitFor();
      for (const key of scrollingKeys) await page.keyboard.press(key);
      await settled(page);
      expect(writes()).toEqual([]);
    },
  );

  it('are one Tab key after the close button of a panel that Enter has opened', async () => {
    const page = await stage.open('#signals');
    await choose(page, LEVEL);
    for (const key of ['Enter', 'Tab', 'Tab', 'ArrowRight']) await page.keyboard.press(key);
    await settled(page);
    expect(writes()).toHaveLength(1);
  });

  it('do not take a scroll key as a value after a slider was dragged', async () => {
    const page = await stage.open('#signals');
    await choose(page, LEVEL);
    await say(page, 0.8);
    const { x, y } = await placeOfFader(page);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.up();
    for (const key of scrollingKeys) await page.keyboard.press(key);
    await settled(page);
    expect(writes()).toHaveLength(1);
    expect(writes()[0]).toBeCloseTo(0.5, 1);
  });

  it('ignore Space after a click, and send once while Enter is held down', async () => {
    const page = await stage.open('#signals');
    await choose(page, '/lights/2/on');
    await page.getByRole('switch').click();
    await page.keyboard.press('Space');
    await page.getByLabel('Address of the event').fill('/cue/go');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.keyboard.press('Space');
    await page.getByLabel('Value of the event').fill('1');
    for (let times = 0; times < 5; times++) await page.keyboard.down('Enter'); // all but the first are repeats
    await page.keyboard.up('Enter');
    await choose(page, '/cue/name');
    await page.getByLabel('New value').fill('Act 3');
    for (let times = 0; times < 5; times++) await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    await settled(page);
    expect(writes()).toEqual([false, undefined, 1, 'Act 3']);
  });

  it('follow the value while a slider has the focus and no key is down', async () => {
    const page = await stage.open('#signals');
    await choose(page, LEVEL);
    await page.getByLabel('Fader').focus();
    await say(page, 0.25);
    expect(await faderOf(page)).toBe('0.25');
    await page.keyboard.down('ArrowRight');
    await page.getByText('Set.', { exact: true }).waitFor();
    await say(page, 0.75);
    expect(await faderOf(page)).toBe('0.251');
    await page.keyboard.up('ArrowRight');
    expect(await faderOf(page)).toBe('0.75');
    await page.keyboard.press('ArrowRight');
    await settled(page);
    expect(writes()).toEqual([0.251, 0.751]);
  });

  it('leave a slider where a pointer holds it, and follow the value after the release', async () => {
    const page = await stage.open('#signals');
    await choose(page, LEVEL);
    await say(page, 0.8);
    const { x, y } = await placeOfFader(page);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.getByText('Set.', { exact: true }).waitFor();
    const held = await faderOf(page);
    await say(page, 0.9);
    expect(await faderOf(page)).toBe(held);
    await page.mouse.move(x, y + 200); // the pointer is released beside the slider
    await page.mouse.up();
    expect(await faderOf(page)).toBe('0.9');
    await say(page, 0.1);
    expect(await faderOf(page)).toBe('0.1');
  });

  it('write nothing to a signal that is selected while the slider of another one is held', async () => {
    const page = await stage.open('#signals');
    await choose(page, LEVEL);
    const { x, y, width } = await placeOfFader(page);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.getByText('Set.', { exact: true }).waitFor();
    await page.evaluate(`document.querySelector('.cell-address[title="/lights/1/dim"]').click()`);
    await page.locator('.signal-panel h2', { hasText: '/lights/1/dim' }).waitFor();
    await page.mouse.move(x + width / 4, y, { steps: 5 });
    await page.mouse.up();
    await page.mouse.click(x + width / 4, y); // a new press applies to the visible signal
    await settled(page);
    expect(stage.feed.asked.flatMap((message) => (message.type === 'set' ? [message.address] : []))).toEqual([
      LEVEL,
      '/lights/1/dim',
    ]);
  });

  it('do not return to the old value if the router sends another signal after a write', async () => {
    const page = await stage.open('#signals');
    const sayOther = async (total: number): Promise<void> => {
      stage.feed.send({ ...fake.signalsMessage([fake.signal('/visuals/speed', { value: total })]), total });
      await page.getByText(`${total} signals`, { exact: true }).waitFor();
    };
    await choose(page, LEVEL);
    await say(page, 0.8);
    await page.getByLabel('Fader').fill('0.25');
    await page.getByText('Set.', { exact: true }).waitFor();
    await sayOther(61);
    expect(await faderOf(page)).toBe('0.25');
    await page.getByLabel('New value').fill('0.5');
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    await page.waitForFunction(`document.querySelector('.editor .result').textContent === 'Set.'`);
    await sayOther(62);
    expect(await page.getByLabel('New value').inputValue()).toBe('0.5');
    await say(page, 0.75);
    expect([await faderOf(page), await page.getByLabel('New value').inputValue()]).toEqual(['0.75', '0.75']);
  });
});
