import { describe, expect, it } from '@jest/globals';
import { openLog } from '../../src/cli/log.js';
import { AsyncOutput } from '../../src/cli/output/async-output.js';
import { StuckReader } from '../support/stuck-reader.js';

/**
 * Returns the output of such a log: one line, then lines that are dropped while the reader is stuck, then another line.
 */
async function logged(settings: Parameters<typeof openLog>[0]): Promise<string> {
  const reader = new StuckReader();
  const logger = await openLog(settings, new AsyncOutput(reader, { maxWaitingBytes: 250 }));
  for (const name of ['first', 'second', 'third', 'fourth', 'fifth']) logger.error({ text: 'x'.repeat(100) }, name);
  reader.takeAll();
  logger.error({}, 'last');
  reader.takeAll();
  return reader.chunks.join('');
}

describe('the log', () => {
  it('writes a line about dropped lines, between the earlier and the later lines', async () => {
    expect((await logged({ logLevel: 'info', jsonLog: false })).replace(/\s*\[.*?\] /g, '|')).toMatch(
      /^\|ERROR: first.*\|WARN: 4 log lines dropped: .*\|ERROR: last\n$/,
    );
  });

  it.each(['warn', 'error'] as const)(
    'writes that line with --log-level %s too, as JSON with --json-log',
    async (logLevel) => {
      const messages = (await logged({ logLevel, jsonLog: true }))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(messages).toMatchObject([
        { msg: 'first' },
        { dropped: 4, level: logLevel === 'warn' ? 40 : 50 },
        { msg: 'last' },
      ]);
    },
  );
});
