import { afterEach, describe, expect, it } from '@jest/globals';
import { health } from '../../src/health/index.js';
import { createRouter, type Router, webSocket } from '../../src/index.js';
import { codedError } from '../support/coded-error.js';
import { parseExposition } from './exposition.js';

let router: Router | undefined;
afterEach(() => router?.stop());

async function start(service: ReturnType<typeof health>): Promise<string> {
  router = createRouter({ transports: [webSocket({ port: 0, host: '127.0.0.1' })], services: [service] });
  const [address] = await router.start();
  return address!.url.replace('ws:', 'http:'); // there is one listener
}

async function answer(url: string): Promise<readonly [number, string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

describe('health() as a service', () => {
  it('serves the probes on the WebSocket port, and no metrics by default', async () => {
    const url = await start(health());
    expect(await answer(`${url}/healthz`)).toEqual([200, 'ok']);
    expect(await answer(`${url}/readyz`)).toEqual([200, 'ready']);
    expect((await answer(`${url}/metrics`))[0]).toBe(404);
  });

  it('serves the metrics of its router, if enabled', async () => {
    const url = await start(health({ metrics: true }));
    const client = await router!.connect();
    await client.set('/a', 1);
    const families = parseExposition((await answer(`${url}/metrics`))[1]);
    const value = (name: string): unknown => families.get(name)?.samples.get(name);
    expect([value('clasp_state_params_active'), value('clasp_sessions_active')]).toEqual([1, 1]);
  });

  it('serves all of them on a separate port, not ready before a listener is open', async () => {
    const service = health({ port: 0 });
    expect(service.url).toBeUndefined();
    router = createRouter({ services: [service] });
    await router.start();
    const url = service.url!; // start() opens the port
    expect([await answer(`${url}/healthz`), await answer(`${url}/readyz`)]).toEqual([
      [200, 'ok'],
      [503, 'not ready'],
    ]);
    await router.listen(webSocket({ port: 0, host: '127.0.0.1' }));
    expect(await answer(`${url}/readyz`)).toEqual([200, 'ready']);
    expect((await answer(`${url}/metrics`))[1]).toContain('clasp_sessions_active 0');
    await router.stop();
    expect(service.url).toBeUndefined();
    await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed');
  });

  it('names a port that is in use', async () => {
    const first = health({ port: 0 });
    await start(first);
    const port = Number(new URL(first.url!).port);
    const second = createRouter({ services: [health({ port })] });
    await expect(codedError(() => second.start())).resolves.toMatchObject({
      code: 'CLASP_ERR_SERVICE',
      message: expect.stringMatching(`^the service health did not start: .*${port}`),
      cause: { code: 'CLASP_ERR_TRANSPORT' },
    });
    await second.stop();
  });
});
