import { describe, expect, it } from '@jest/globals';
import { reasonOf } from '../../../src/inspector/page/reason.js';
import { toneOf } from '../../../src/inspector/page/tone.js';
import { detail, door, session } from './fake-router.js';

describe('the reason for a state', () => {
  it('states with figures why a session is congested', () => {
    const row = session(3);
    const { tone, text, figures } = reasonOf(detail(row), row);
    expect(tone).toBe('warning');
    expect(text).toContain('slower');
    expect(figures.slice(0, 3)).toEqual([
      ['congested', '3 ×'],
      ['queued', '1.5 MB'],
      ['dropped', '214'],
    ]);
  });

  it('states why a session ends, in the router’s own words', () => {
    const row = session(7);
    expect(reasonOf(detail(row), row).text).toBe('Ending: The token has expired.');
    expect(reasonOf({ ...detail(row), state: 'closed' }, undefined).text).toBe('Ended: The token has expired.');
  });

  it('states the last error of an active session', () => {
    const row = session(0, { lastError: { code: 301, text: 'Not allowed', atMs: 0 } });
    expect(reasonOf(detail(row), row).text).toContain('error 301: Not allowed.');
  });

  it('states the error of a listener', () => {
    const broken = { ...door, state: 'backingOff', context: { error: { message: 'port 7330 is in use' } } };
    expect(reasonOf(broken, undefined)).toMatchObject({
      tone: 'bad',
      text: 'The listener failed (port 7330 is in use). It opens again shortly.',
    });
  });

  it.each([null, 'text', [], { end: null }, { end: { text: 5 } }, { congestion: 'x', error: [] }])(
    'accepts a context of any shape: %j',
    (context) => {
      expect(reasonOf({ ...door, context }, undefined).text).toBe('The listener is open and accepts connections.');
    },
  );
});

describe('the tone of a state', () => {
  it.each([
    ['active', 'active', 'good'],
    ['open.listening', 'active', 'good'],
    ['open.closing', 'active', 'past'],
    ['congested', 'active', 'warning'],
    ['awaitingHello', 'active', 'waiting'],
    ['draining(doors.closing, sessions.leaving)', 'active', 'past'],
    ['backingOff', 'active', 'bad'],
    ['active', 'error', 'bad'],
    ['somewhere', 'active', 'plain'],
  ])('for %s of an actor with status %s is %s', (state, status, tone) => {
    expect(toneOf(state, status)).toBe(tone);
  });
});
