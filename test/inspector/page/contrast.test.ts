import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const style = readFileSync(new URL('../../../src/inspector/page/style.css', import.meta.url), 'utf8');

/** Returns the color of a custom property in the style sheet. */
function colour(name: string): string {
  const found = new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(style)?.[1];
  if (found === undefined) throw new Error(`style.css has no --${name}`);
  return found;
}

// WCAG 2.2, "relative luminance" and "contrast ratio"
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const grounds = ['ground', 'surface', 'raised'].map(colour);

describe('the colors of the page', () => {
  it('are measured as WCAG defines', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
    expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
  });

  it.each(['text', 'dim', 'focus', 'good', 'warning', 'bad', 'waiting', 'past', 'plain'])(
    '--%s has a contrast of at least 7:1 on every background',
    (name) => {
      for (const ground of grounds) expect(contrast(colour(name), ground)).toBeGreaterThanOrEqual(7);
    },
  );

  it.each([...new Set(style.matchAll(/\.kind-\w+ \{\s*color: (#[0-9a-f]{6})/g))].map(([, hex = '']) => hex))(
    '%s of a kind of traffic has the same contrast',
    (hex) => {
      for (const ground of grounds) expect(contrast(hex, ground)).toBeGreaterThanOrEqual(7);
    },
  );

  it.each([...style.matchAll(/--lit: (#[0-9a-f]{6});/g)].map(([, hex = '']) => hex))(
    'names and lines are legible in an active state with %s',
    (hex) => {
      for (const text of ['#d4ffe3', '#dcf5e5']) expect(contrast(text, hex)).toBeGreaterThanOrEqual(7);
    },
  );
});
