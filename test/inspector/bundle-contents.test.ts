import { describe, expect, it } from '@jest/globals';
import { contentsOf } from '../../src/inspector/bundle-contents.js';
import type { BundleMessage, Message } from '../../src/protocol/messages/message.js';

const get = (address: string): Message => ({ type: 'get', address });
const bundle = (...messages: readonly Message[]): BundleMessage => ({ type: 'bundle', messages });
const gets = (count: number): Message[] => Array.from({ length: count }, (_, n) => get(`/${n}`));

describe('what a bundle holds', () => {
  it('is its messages and those of bundles in it, in order', () => {
    const nested = bundle(get('/a'), bundle(get('/b'), bundle(), bundle(get('/c'))), get('/d'));
    expect(contentsOf(nested)).toEqual({ messages: ['/a', '/b', '/c', '/d'].map(get), count: 4 });
  });

  it('is nothing where it is empty', () => {
    expect(contentsOf(bundle())).toEqual({ messages: [], count: 0 });
  });

  it.each([
    [64, 64],
    [65, 64],
    [10_000, 64],
  ])('has %i messages counted, and %i of them looked at', (count, looked) => {
    expect(contentsOf(bundle(...gets(count)))).toEqual({ messages: gets(looked), count });
  });

  it('is looked at no further than that where bundles lie in bundles', () => {
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
    expect(count).toBeGreaterThan(messages.length); // more than these, and nobody knows how many
  });
});
