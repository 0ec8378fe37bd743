import { describe, expect, it } from '@jest/globals';
import { BrowserLike } from '../support/browser-like.js';

describe('the client in a browser', () => {
  it('connects, writes, subscribes and closes in a realm without Node.js', async () => {
    const { run } = await new BrowserLike().run(`
      import { connect } from './client/index.js';
      import { decodeFrame, encodeFrame, encodeValue } from './protocol/index.js';

      const clock = { now: () => 0, setTimeout: () => 0, clearTimeout: () => {} };
      const answers = {
        hello: () => [{ type: 'welcome', version: 1, session: 's', name: 'far away', features: [], time: 5 }],
        sync: ({ t1 }) => [{ type: 'sync', t1, t2: 5, t3: 5 }],
        set: ({ address, value }) => [
          { type: 'set', address, value, revision: 1 },
          { type: 'ack', address, revision: 1 },
        ],
      };

      globalThis.WebSocket = class {
        bufferedAmount = 0;
        readyState = 1;
        #listeners = {};
        constructor(url, protocols) {
          this.asked = [url, ...protocols];
          globalThis.asked = this.asked;
          void Promise.resolve().then(() => this.#listeners.open({ type: 'open' }));
        }
        addEventListener(type, listener) { this.#listeners[type] = listener; }
        removeEventListener(type) { delete this.#listeners[type]; }
        send(bytes) {
          const { message } = decodeFrame(bytes);
          for (const answer of answers[message.type]?.(message) ?? []) {
            const frame = encodeFrame(answer);
            void Promise.resolve().then(() => this.#listeners.message?.({ type: 'message', data: frame.buffer }));
          }
        }
        close(code) {
          globalThis.closedWith ??= code;
          this.#listeners.close?.({ type: 'close', code });
        }
      };

      export async function run() {
        const client = await connect('wss://example.org:7330', { clock });
        const heard = [];
        client.on('/**', ({ kind, address, value }) => heard.push([kind, address, value].join(' ')));
        const { revision } = await client.set('/a', { b: [1] });
        const { routerName } = client;
        await client.close();
        return JSON.stringify({
          asked: globalThis.asked, closedWith: globalThis.closedWith, routerName, state: client.state,
          heard, revision, time: client.serverTime(),
        });
      }
    `);
    const result: unknown = JSON.parse(await (run as () => Promise<string>)()); // invariant: exported above
    expect(result).toEqual({
      asked: ['wss://example.org:7330', 'clasp'],
      closedWith: 1000,
      heard: ['param /a [object Map]'],
      revision: 1,
      routerName: 'far away',
      state: 'closed',
      time: 5,
    });
  });

  it('reports what is missing in a runtime without WebSocket', async () => {
    const { run } = await new BrowserLike().run(`
      import { connect } from './client/index.js';
      const clock = { now: () => 0, setTimeout: () => 0, clearTimeout: () => {} };
      export const run = () => connect('ws://localhost:7330', { clock }).catch((error) => error.message);
    `);
    expect(await (run as () => Promise<string>)()).toBe(
      'cannot connect to ws://localhost:7330: this runtime has no WebSocket; provide one in the option WebSocket, such as that of the package ws',
    );
  });
});
