import { describe, expect, it } from '@jest/globals';
import { QUERIED_PER_SECOND, QueryAllowance } from '../../../src/actors/router/query-allowance.js';
import { CoreHarness } from '../../support/core-harness.js';

const SECOND = 1_000_000;
const newSession = (): Parameters<QueryAllowance['check']>[0] => new CoreHarness().connect().session;

describe('what QUERYs may cost', () => {
  it('is paid for by waiting, however much one has looked at', () => {
    const allowance = new QueryAllowance();
    const session = newSession();
    allowance.check(session, 0);
    allowance.spend(session, 1_000_000);
    const check = (nowMicros: number): void => {
      allowance.check(session, nowMicros);
    };
    const refusal = `Query limit reached: queries may look at ${QUERIED_PER_SECOND} signals a second`;
    expect(() => {
      check(9.8 * SECOND);
    }).toThrow(expect.objectContaining({ code: 429, message: refusal }));
    check(9.81 * SECOND);
  });

  it('is no matter of what others have asked', () => {
    const allowance = new QueryAllowance();
    const [one, other] = [newSession(), newSession()];
    allowance.check(one, 0);
    allowance.spend(one, 1_000_000);
    allowance.check(other, 0);
  });

  it('lets small ones pass as they come', () => {
    const allowance = new QueryAllowance();
    const session = newSession();
    for (let i = 0; i < 5_000; i++) {
      allowance.check(session, 0);
      allowance.spend(session, 1);
    }
  });
});
