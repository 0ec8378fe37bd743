import { expect, it } from '@jest/globals';
import type { FeedMessage, PageMessage } from '../../../src/inspector/feed.js';
import * as fake from './fake-router.js';
import { because, describeInChromium, PageStage } from './page-stage.js';

/** Makes the feed require this key. */
function lockedWith(stage: PageStage, key: string): void {
  stage.feed.greeting = [{ ...fake.welcome, needsKey: true }];
  const answer = fake.answers(12);
  stage.feed.answer = (message: PageMessage): readonly FeedMessage[] => {
    if (message.type !== 'unlock') return answer(message);
    if (message.key !== key)
      return [{ type: 'refused', text: 'the key is wrong; the router makes a new one at each start' }];
    return [fake.welcome, { type: 'actors', actors: fake.actors }];
  };
}

describeInChromium(`the page of a router that asks for a key${because}`, () => {
  const stage = new PageStage();
  stage.setUp();

  it('opens with the link, removes the key from the address, and keeps it for a reload', async () => {
    lockedWith(stage, 'good');
    const page = await stage.open('/#key=good');
    await page.getByText('12 sessions', { exact: true }).waitFor();
    expect(page.url()).not.toContain('good');
    await page.reload();
    await page.getByText('12 sessions', { exact: true }).waitFor();
    expect(await page.locator('form.token:visible').count()).toBe(0);
  });

  it('explains where the link is if it has no key', async () => {
    lockedWith(stage, 'good');
    const page = await stage.openBlank();
    await page.goto(stage.feed.url);
    await page.getByText('needs a key', { exact: true }).waitFor();
    await page.getByText('Open the link that the router prints when it starts.').waitFor();
    expect(await page.getByText('12 sessions', { exact: true }).count()).toBe(0);
    expect(await page.getByText('admin:/**').isVisible()).toBe(false);
  });

  it('accepts the pasted link or key, and reports that an old key is invalid', async () => {
    lockedWith(stage, 'good');
    const page = await stage.openBlank();
    await page.goto(`${stage.feed.url}/#key=old`);
    await page.getByText('the key is wrong; the router makes a new one at each start').waitFor();
    const field = page.locator('form.token input');
    await field.fill(`inspector: ${stage.feed.url}/#key=good`);
    await page.keyboard.press('Enter');
    await page.getByText('12 sessions', { exact: true }).waitFor();
  });

  it('uses the key of a new link that is opened in the same tab', async () => {
    lockedWith(stage, 'good');
    const page = await stage.openBlank();
    await page.goto(`${stage.feed.url}/`);
    await page.getByText('needs a key', { exact: true }).waitFor();
    await page.goto(`${stage.feed.url}/#key=good`); // the same document: nothing is loaded
    await page.getByText('12 sessions', { exact: true }).waitFor();
    expect(page.url()).not.toContain('good');
  });
});
