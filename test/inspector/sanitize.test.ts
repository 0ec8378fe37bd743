import { describe, expect, it } from '@jest/globals';
import { sanitize } from '../../src/inspector/sanitize.js';

describe('a sanitized value', () => {
  it('equals plain data', () => {
    const plain = { text: 'a', number: 1.5, flag: true, nothing: null, list: [1, [2]], inner: { deep: 'b' } };
    expect(sanitize(plain)).toEqual(plain);
  });

  it.each(['token', 'authToken', 'password', 'secret', 'Authorization', 'credentials', 'key', 'privateKey', 'psk'])(
    'hides a member named %s',
    (name) => {
      expect(sanitize({ [name]: 'abc', inner: new Map([[name, 'abc']]) })).toEqual({
        [name]: '(hidden)',
        inner: { [name]: '(hidden)' },
      });
    },
  );

  it.each([
    'cpsk_0123456789abcdef',
    'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln',
    '-----BEGIN PRIVATE KEY-----\nMIIE',
  ])('hides %j at any position', (secret) => {
    const shown = JSON.stringify(sanitize({ note: secret, [secret]: 1, list: [secret], error: new Error(secret) }));
    expect(shown).not.toContain(secret.slice(-4));
  });

  it('hides the content of a signal by the segments of its address', () => {
    const told = (address: string): unknown => ({ type: 'clasp.param', address, value: 'hunter2', revision: 3 });
    expect(sanitize([told('/show/password'), told('/show/title')])).toEqual([
      { type: 'clasp.param', address: '/show/password', value: '(hidden)', revision: 3 },
      { type: 'clasp.param', address: '/show/title', value: 'hunter2', revision: 3 },
    ]);
    const params = new Map([['/show/password', 'hunter2']]);
    expect(sanitize({ params, samples: { address: '/auth/token', samples: [1, 2] } })).toEqual({
      params: { '/show/password': '(hidden)' },
      samples: { address: '/auth/token', samples: '(hidden)' },
    });
  });

  it('survives cycles and hostile proxies, and calls no getter', () => {
    let calls = 0;
    const thing: Record<string, unknown> = {
      get costly() {
        return ++calls;
      },
    };
    thing.self = thing;
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(sanitize({ thing, proxy })).toEqual({
      thing: { costly: '(computed)', self: '(again)' },
      proxy: '(unreadable)',
    });
    expect(calls).toBe(0);
  });

  it('is the class name for an object with behavior, and omits functions', () => {
    expect(sanitize({ at: new Date(0), run: () => 1, bytes: new Uint8Array(3) })).toEqual({
      at: '(Date)',
      bytes: '(3 bytes)',
    });
  });

  it('is the JSON form of an object with behavior, if that is an object, without secrets', () => {
    class Summary {
      readonly socket = {};
      toJSON(): object {
        return { frames: 3, token: 'abc', inner: { deep: 'b' } };
      }
    }
    class Itself {
      toJSON(): unknown {
        return this;
      }
    }
    expect(sanitize({ summary: new Summary(), itself: new Itself(), at: new Date(0) })).toEqual({
      summary: { frames: 3, token: '(hidden)', inner: { deep: 'b' } },
      itself: '(Itself)',
      at: '(Date)',
    });
  });

  it('is bounded in depth, entries, string length and total size', () => {
    let deep: unknown = 'bottom';
    for (let level = 0; level < 20; level++) deep = { deep };
    expect(JSON.stringify(sanitize(deep))).not.toContain('bottom');
    const many = Array.from({ length: 250 }, (_, index) => index);
    expect(sanitize(many)).toHaveLength(101);
    expect(sanitize(new Set(many))).toContain('… 150 more');
    expect(sanitize(new Map(many.map((index) => [`k${index}`, index])))).toMatchObject({ '…': '150 more' });
    expect(sanitize('x'.repeat(10_000))).toHaveLength(501);
    const wide = many.map(() => many.map(() => many));
    expect(JSON.stringify(sanitize(wide)).length).toBeLessThan(100_000);
  });
});
