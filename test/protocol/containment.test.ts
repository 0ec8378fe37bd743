import { describe, expect, it } from '@jest/globals';
import { MAX_COVER_STEPS, patternCovers } from '../../src/protocol/containment.js';
import { parsePattern } from '../../src/protocol/pattern.js';
import { type Scope, type ScopeAction, scopesAllow, scopesCover } from '../../src/protocol/scope.js';
import { StepCounter } from '../../src/protocol/step-counter.js';

const covers = (outer: string, inner: string): boolean => patternCovers(parsePattern(outer), parsePattern(inner));

describe('patternCovers', () => {
  it.each([
    ['/**', '/**'],
    ['/**', '/a/*/b'],
    ['/**', '/'],
    ['/a/**', '/a'],
    ['/a/**', '/a/**/b/*'],
    ['/a/*', '/a/b*'],
    ['/a/*', '/a/'],
    ['/*/b', '/a/b'],
    ['/a*', '/ab*c'],
    ['/*b', '/a*b'],
    ['/**/b', '/a/**/b'],
    ['/**/**', '/a'],
    ['/**/*', '/**'], // no address has zero segments
    ['/*/**', '/**'],
    ['/a/**/b/**', '/a/b'],
    ['/**/x/**', '/*/x'],
  ])('%s covers %s', (outer, inner) => {
    expect(covers(outer, inner)).toBe(true);
  });

  it.each([
    ['/a/*', '/a/**'], // the reference accepts both of these
    ['/*/b', '/**/b'],
    ['/**/b', '/a/x'], // the reference answers yes here
    ['/*', '/**'],
    ['/a/b', '/a/*'],
    ['/a*', '/*'],
    ['/a*b', '/a*'],
    ['/**/a', '/**'],
    ['/a/**/b', '/a/**'],
    ['/a', '/a/'],
  ])('%s does not cover %s', (outer, inner) => {
    expect(covers(outer, inner)).toBe(false);
  });

  it('answers immediately for hostile patterns', () => {
    const hostile = `/${'**/a*/*/'.repeat(42)}b`;
    expect(covers(hostile, hostile)).toBe(true);
    // The pattern covers, but a proof would exceed the step limit.
    expect(covers(`/${'**/*/'.repeat(60)}b`, `/${'*/**/'.repeat(60)}b`)).toBe(false);
    expect(covers(`/${'**/*/'.repeat(12)}b`, `/${'*/**/'.repeat(12)}b`)).toBe(true);
    expect(covers(`/${'**/'.repeat(127)}**`, `/${'**/'.repeat(127)}a`)).toBe(true);
    expect(covers(`/${'**/'.repeat(127)}b`, `/${'**/'.repeat(127)}a`)).toBe(false);
  });
});

describe('scopes', () => {
  const scope = (action: ScopeAction, pattern: string): Scope => ({ action, pattern: parsePattern(pattern) });

  it.each<[ScopeAction, ScopeAction, boolean]>([
    ['read', 'read', true],
    ['read', 'write', false],
    ['read', 'admin', false],
    ['write', 'read', true],
    ['write', 'write', true],
    ['write', 'admin', false],
    ['admin', 'read', true],
    ['admin', 'write', true],
    ['admin', 'admin', true],
  ])('%s granted, %s requested: %p', (held, wanted, allowed) => {
    expect(scopesAllow([scope(held, '/a/*')], wanted, '/a/b')).toBe(allowed);
    expect(scopesCover([scope(held, '/a/**')], wanted, parsePattern('/a/*'))).toBe(allowed);
  });

  it('allow nothing outside their patterns', () => {
    expect(scopesAllow([scope('admin', '/a/*')], 'read', '/b')).toBe(false);
    expect(scopesAllow([], 'read', '/a')).toBe(false);
  });

  it('cover a pattern by one scope, not by several together', () => {
    const halves = [scope('read', '/a'), scope('read', '/a/*/**')];
    expect(scopesCover(halves, 'read', parsePattern('/a/*'))).toBe(true);
    expect(scopesCover(halves, 'read', parsePattern('/a/**'))).toBe(false);
  });

  it('cover a pattern within one step limit, for any number and form of scopes', () => {
    const hostile = parsePattern(`/${'**/a*/*/'.repeat(42)}b`);
    const scopes = Array.from({ length: 256 }, (_, i) => scope('read', `/${'**/a*/'.repeat(60)}${i}`));
    const counter = new StepCounter();
    expect(scopesCover(scopes, 'read', hostile, counter)).toBe(false);
    expect(counter.steps).toBeLessThan(1.1 * MAX_COVER_STEPS);
  });

  it('cover an address at the cost of matching it', () => {
    const counter = new StepCounter();
    expect(scopesCover([scope('write', '/a/**')], 'write', parsePattern('/a/b/c/d'), counter)).toBe(true);
    expect(counter.steps).toBeLessThan(10);
  });
});
