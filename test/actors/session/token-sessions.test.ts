import { describe, expect, it } from '@jest/globals';
import { TokenSessions } from '../../../src/actors/session/token-sessions.js';

describe('the sessions of a token', () => {
  it('are refused above the limit with the number, the limit and the name of the option', () => {
    const tokens = new TokenSessions(2);
    for (const tokenId of ['guest', 'desk', 'guest']) tokens.enter(tokenId);
    const message = 'Too many sessions with this token: it has 2; the limit is 2, the option maxSessionsPerToken';
    expect(() => {
      tokens.enter('guest');
    }).toThrow(expect.objectContaining({ code: 503, message }));
    tokens.enter('desk');
  });

  it('have capacity again when one has ended', () => {
    const tokens = new TokenSessions(1);
    tokens.enter('guest');
    tokens.leave('guest');
    tokens.enter('guest');
    expect(() => {
      tokens.enter('guest');
    }).toThrow();
  });

  it('are not limited with a limit of 0', () => {
    const tokens = new TokenSessions(0);
    for (let i = 0; i < 1_000; i++) tokens.enter('guest');
  });
});
