import { describe, expect, it } from '@jest/globals';
import { SessionLog } from '../../../src/actors/session/session-log.js';
import { SteadyClock } from '../../support/steady-clock.js';
import { recordingLogger } from './recording-logger.js';
import { startHub } from './hub-under-test.js';

function startLog() {
  const clock = new SteadyClock();
  const logger = recordingLogger();
  const log = new SessionLog(clock, logger);
  return { clock, logger, log };
}

describe('the log of sessions', () => {
  it('has a line for each of 100 sessions, and one with the numbers of the others after a second', () => {
    const { clock, logger, log } = startLog();
    for (let i = 0; i < 130; i++) log.opened(() => ({ session: `s${i}` }));
    for (let i = 0; i < 20; i++) log.ended(() => ({ session: `s${i}` }));
    expect(logger.lines).toHaveLength(100);
    clock.increment(1_000);
    expect(logger.lines.slice(100)).toEqual([
      { level: 'info', message: '30 more sessions opened, and 20 ended', fields: { opened: 30, ended: 20 } },
    ]);
  });

  it('builds the fields of omitted lines never', () => {
    const { log } = startLog();
    let built = 0;
    for (let i = 0; i < 1_000; i++) log.opened(() => ({ built: built++ }));
    expect(built).toBe(100);
  });

  it('has a line for each session again after a rest', () => {
    const { clock, logger, log } = startLog();
    for (let i = 0; i < 150; i++) log.opened(() => ({}));
    clock.increment(2_000);
    log.ended(() => ({ session: 'later' }));
    expect(logger.lines.at(-1)).toEqual({ level: 'info', message: 'session ended', fields: { session: 'later' } });
    clock.increment(5_000);
    expect(logger.lines.filter(({ message }) => message.includes('more'))).toHaveLength(1);
  });

  it('has the numbers at once when the last session has ended', () => {
    const { connect, logger } = startHub();
    const peers = Array.from({ length: 150 }, () => connect());
    for (const { sayHello } of peers) sayHello();
    for (const { tell } of peers) tell({ type: 'connection.closed' });
    expect(logger.lines).toHaveLength(101);
    expect(logger.lines.at(-1)).toMatchObject({ fields: { opened: 50, ended: 150 } });
  });
});
