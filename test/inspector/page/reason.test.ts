import { describe, expect, it } from '@jest/globals';
import { reasonOf } from '../../../src/inspector/page/reason.js';
import { toneOf } from '../../../src/inspector/page/tone.js';
import { detail, door, session } from './fake-router.js';

describe('the reason for a state', () => {
  it('says with figures why a session is congested', () => {
    const row = session(3);
    const { tone, text, figures } = reasonOf(detail(row), row);
    expect(tone).toBe('warning');
    expect(text).toContain('slower');
    expect(figures.slice(0, 3)).toEqual([
      ['fell behind', '3 ×'],
      ['waits for it', '1.5 MB'],
      ['lost by being slow', '214'],
    ]);
  });

  it('says why a session ends, in the router’s own words', () => {
    const row = session(7);
    expect(reasonOf(detail(row), row).text).toBe('Ending: The token has expired.');
    expect(reasonOf({ ...detail(row), state: 'closed' }, undefined).text).toBe('Ended: The token has expired.');
  });

  it('says the last error of a session that goes on', () => {
    const row = session(0, { lastError: { code: 301, text: 'Not allowed', atMs: 0 } });
    expect(reasonOf(detail(row), row).text).toContain('error 301: Not allowed.');
  });

  it('says the fault of a door', () => {
    const broken = { ...door, state: 'backingOff', context: { error: { message: 'port 7330 is in use' } } };
    expect(reasonOf(broken, undefined)).toMatchObject({
      tone: 'bad',
      text: 'The door broke (port 7330 is in use) and is opened again in a moment.',
    });
  });

  it.each([null, 'text', [], { end: null }, { end: { text: 5 } }, { congestion: 'x', error: [] }])(
    'takes a context of any shape: %j',
    (context) => {
      expect(reasonOf({ ...door, context }, undefined).text).toBe('The door is open and lets peers in.');
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
  ])('%s of an actor that is %s is %s', (state, status, tone) => {
    expect(toneOf(state, status)).toBe(tone);
  });
});
