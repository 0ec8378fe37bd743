import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { type Clock, systemClock } from '../../src/util/clock.js';
import { encodeFrame } from '../../src/protocol/frame.js';
import type { HelloMessage } from '../../src/protocol/messages/message.js';
import { AMPLIFICATION_LIMIT, defaults, MIN_HELLO_BYTES } from '../../src/transports/udp/constants.js';
import { Cookies, cookieToken, type Source, splitToken } from '../../src/transports/udp/cookie.js';
import { toHex } from '../support/hex.js';
import { SteadyClock } from '../support/steady-clock.js';

const source: Source = { address: '192.168.1.20', port: 51_234 };

function cookies(clock: Clock = new SteadyClock(), secret = new Uint8Array(32)): Cookies {
  return new Cookies(clock, secret);
}

describe('a cookie', () => {
  it('is eleven characters, and constant during its slot', () => {
    const clock = new SteadyClock();
    const jar = cookies(clock);
    const cookie = jar.bake(source);
    expect(cookie).toMatch(/^[\w-]{11}$/);
    clock.increment(29_999);
    expect(jar.bake(source)).toBe(cookie);
    clock.increment(1);
    expect(jar.bake(source)).not.toBe(cookie);
  });

  it('is valid in its slot and the next, and no longer', () => {
    const clock = new SteadyClock();
    const jar = cookies(clock);
    const cookie = jar.bake(source);
    const good = [0, 29_999, 1, 29_999, 1, 30_000].map((milliseconds) => {
      clock.increment(milliseconds);
      return jar.isGood(cookie, source);
    });
    expect(good).toEqual([true, true, true, true, false, false]);
  });

  it.each<[string, Source]>([
    ['another port', { ...source, port: 51_235 }],
    ['another address', { ...source, address: '192.168.1.21' }],
    ['digits moved from the port to the address', { address: '192.168.1.205', port: 1_234 }],
  ])('is invalid at %s', (_, other) => {
    const jar = cookies();
    expect(jar.isGood(jar.bake(source), other)).toBe(false);
  });

  it('is invalid at another listener', () => {
    const clock = new SteadyClock();
    expect(new Cookies(clock).isGood(new Cookies(clock).bake(source), source)).toBe(false);
  });

  it.each(['', 'AAAAAAAAAAA', 'x', '!!!!!!!!!!!', 'AAAAAAAAAAAAAAAAAAAAAA'])('is not %p', (text) => {
    expect(cookies().isGood(text, source)).toBe(false);
  });

  it('is invalid with any flipped bit', () => {
    const jar = cookies();
    const bytes = Buffer.from(jar.bake(source), 'base64url');
    for (let bit = 0; bit < 64; bit++) {
      const turned = Buffer.from(bytes);
      turned[bit >> 3]! ^= 1 << (bit & 7); // a bit of the eight bytes
      expect(jar.isGood(turned.toString('base64url'), source)).toBe(false);
    }
  });
});

describe('the token of a HELLO', () => {
  it.each([
    [undefined, undefined, undefined],
    ['secret', undefined, 'secret'],
    ['udp:abcdefghi_-', 'abcdefghi_-', undefined],
    ['udp:abcdefghi_- ', 'abcdefghi_-', undefined],
    ['udp:abcdefghi_- cpsk_1 2\n3', 'abcdefghi_-', 'cpsk_1 2\n3'],
    ['udp:abcdefghi_-x', undefined, 'udp:abcdefghi_-x'],
    ['udp:abcdefghij', undefined, 'udp:abcdefghij'],
    ['udp:abcdefghij+', undefined, 'udp:abcdefghij+'],
    [' udp:abcdefghi_-', undefined, ' udp:abcdefghi_-'],
  ])('%p contains the cookie %p and the token %p', (text, cookie, token) => {
    expect(splitToken(text)).toEqual({ cookie, token });
  });

  it.each([undefined, 'secret', 'two words'])('is split into its parts with the token %p', (token) => {
    expect(splitToken(cookieToken('abcdefghi_-', token))).toEqual({ cookie: 'abcdefghi_-', token });
  });
});

describe('docs/reference/udp.md', () => {
  const page = readFileSync(new URL('../../docs/reference/udp.md', import.meta.url), 'utf8');

  it('shows the bytes that are sent', () => {
    const noon = Date.UTC(2026, 0, 1, 12);
    const cookie = cookies({ ...systemClock, now: () => noon }, Buffer.alloc(32)).bake({
      address: '192.0.2.7',
      port: 50_000,
    });
    expect(page).toContain(`| cookie | \`${cookie}\` |`);
    const hello = (name: string, token?: string): HelloMessage => ({
      type: 'hello',
      version: 1,
      name,
      features: [],
      token,
    });
    const rows = [
      encodeFrame(hello('lamp')),
      encodeFrame({ type: 'error', code: 300, message: cookieToken(cookie) }),
      encodeFrame(hello('lamp', cookieToken(cookie))),
      encodeFrame(hello('lamp', cookieToken(cookie, 'cpsk_7'))),
    ].map((frame) => ({ hex: toHex(frame), bytes: frame.length }));
    expect(examplesIn(page)).toEqual(rows);
    const [smallest, answer] = [encodeFrame(hello('')).length, rows[1]!.bytes];
    expect(smallest).toBe(MIN_HELLO_BYTES);
    expect(answer).toBeLessThanOrEqual(AMPLIFICATION_LIMIT * smallest);
    expect(page).toContain(`answer has ${answer} bytes, the smallest legal HELLO ${smallest}`);
  });

  it('lists the options and their defaults', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| ([^| ]+) \|/gm)].map(([, name, value]) => [
      name,
      value!.replaceAll(',', ''),
    ]);
    expect(rows).toEqual(Object.entries(defaults).map(([name, value]) => [name, String(value)]));
  });
});

/** The table rows that end in `| 25 | 53 01 ... |`: length and bytes of a complete datagram. */
function examplesIn(page: string): readonly { readonly hex: string; readonly bytes: number }[] {
  return [...page.matchAll(/\| (\d+) \| `((?:[0-9a-f]{2,} ?)+)` \|$/gm)].map(([, bytes, hex]) => ({
    hex: hex!.replaceAll(' ', ''),
    bytes: Number(bytes),
  }));
}
