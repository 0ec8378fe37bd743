import { afterEach, describe, expect, it } from '@jest/globals';
import { createRouter, type Router, webSocket } from '../../src/index.js';
import { inspector, type InspectorService, RelayUrlError } from '../../src/inspector/index.js';
import { httpRequest } from '../support/http-request.js';
import { FeedPage } from './feed-page.js';

let router: Router | undefined;
let page: FeedPage | undefined;
afterEach(async () => {
  page?.socket.terminate();
  page = undefined;
  await router?.stop();
});

async function start(service: InspectorService): Promise<{ readonly url: string; readonly port: number }> {
  router = createRouter({ transports: [webSocket({ port: 0, host: '127.0.0.1' })], services: [service] });
  const [address] = await router.start();
  return address!; // there is one listener
}

describe('inspector() as a service', () => {
  it('serves the page of its router, with the charts of its machines', async () => {
    const service = inspector();
    const { url } = await start(service);
    page = new FeedPage(service.link(url));
    const { charts } = await page.hears('welcome', ({ needsKey }) => !needsKey);
    expect(Object.keys(charts).sort()).toEqual(['listener', 'root', 'session']);
  });

  it('keeps its pages connected until the router has stopped, then closes them', async () => {
    const service = inspector();
    const { url } = await start(service);
    page = new FeedPage(service.link(url));
    await page.hears('welcome', ({ needsKey }) => !needsKey);
    expect(service.stately?.replay().length).toBeGreaterThan(0);
    await router!.stop();
    await page.hears('refused', ({ text }) => text === 'the router has stopped');
    expect(service.stately).toBeUndefined();
  });

  it('serves no page with page: false, and observes the router for a relay only', async () => {
    const service = inspector({ page: false });
    const { port } = await start(service);
    expect((await httpRequest(port, '/inspect/')).status).toBe(404);
    expect(service.stately?.replay().length).toBeGreaterThan(0);
  });

  it('has one key from its creation on', async () => {
    const service = inspector();
    const link = service.link('ws://127.0.0.1:7330');
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:7330\/inspect\/#key=[\w-]{32}$/);
    await start(service);
    expect(service.link('ws://127.0.0.1:7330')).toBe(link);
  });

  it.each([
    [{ key: 'short' }, RangeError],
    [{ relayUrl: 'http://localhost' }, RelayUrlError],
  ])('refuses wrong options at once: %j', (options, error) => {
    expect(() => inspector(options)).toThrow(error);
  });
});
