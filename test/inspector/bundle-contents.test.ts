import { describe, expect, it } from '@jest/globals';
import { contentsOf } from '../../src/inspector/bundle-contents.js';
import type { BundleMessage, Message } from '../../src/protocol/messages/message.js';

const get = (address: string): Message => ({ type: 'get', address });
const bundle = (...messages: readonly Message[]): BundleMessage => ({ type: 'bundle', messages });
const gets = (count: number): Message[] => Array.from({ length: count }, (_, n) => get(`/${n}`));

describe('the contents of a bundle', () => {
  it('are its messages and those of nested bundles, in order', () => {
    const nested = bundle(get('/a'), bundle(get('/b'), bundle(), bundle(get('/c'))), get('/d'));
    expect(contentsOf(nested)).toEqual({ messages: ['/a', '/b', '/c', '/d'].map(get), count: 4 });
  });

  it('are empty for an empty bundle', () => {
    expect(contentsOf(bundle())).toEqual({ messages: [], count: 0 });
  });

  it.each([
    [64, 64],
    [65, 64],
    [10_000, 64],
  ])('count %i messages and read %i of them', (count, looked) => {
    expect(contentsOf(bundle(...gets(count)))).toEqual({ messages: gets(looked), count });
  });

  it('are read up to the same limit if bundles are nested', () => {
    let looks = 0;
    const wide = (depth: number): BundleMessage => {
      const messages = Array.from({ length: 20 }, () => (depth === 0 ? get('/x') : wide(depth - 1)));
      return {
        type: 'bundle',
        messages: new Proxy(messages, {
          get(target, key, receiver) {
            if (typeof key === 'string' && /^\d+$/.test(key)) looks++;
            return Reflect.get(target, key, receiver) as unknown;
          },
        }),
      };
    };
    const { messages, count } = contentsOf(wide(3)); // 160,000
    expect(looks).toBe(65);
    expect(messages.length).toBeLessThan(64);
    expect(count).toBeGreaterThan(messages.length); // a lower bound
  });
});
