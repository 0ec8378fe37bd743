import { type DestinationStream, pino, stdTimeFunctions } from 'pino';
import type { Logger } from '../core/ports.js';
import { printableLogger } from '../router/printable-logger.js';
import { loggerInFlags } from './flag-names.js';
import type { AsyncOutput } from './output/async-output.js';
import type { Settings } from './settings.js';

/**
 * Opens the log of the command: lines for people, or JSON. It never blocks. If the reader of the output is slow, up to
 * 1 MiB waits in memory. Further lines are dropped, and a line with their number follows.
 *
 * @param output is used only by this log, except for the last sentence before the process ends
 */
export async function openLog(
  { logLevel, jsonLog }: Pick<Settings, 'logLevel' | 'jsonLog'>,
  output: AsyncOutput,
): Promise<Logger> {
  const options = { level: logLevel, base: null, timestamp: stdTimeFunctions.isoTime };
  const logger = pino(options, jsonLog ? jsonLines(output) : await linesForPeople(output));
  output.onDropped = (count) => {
    logger[logLevel === 'error' ? 'error' : 'warn'](
      { dropped: count },
      `${count} log lines dropped: the reader of the log is too slow`,
    );
  };
  return loggerInFlags(printableLogger(logger));
}

function jsonLines(output: AsyncOutput): DestinationStream {
  return {
    write: (line) => {
      output.offer(line);
    },
  };
}

async function linesForPeople(output: AsyncOutput): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty'); // not loaded for JSON lines
  const format = prettyFactory({ translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  return {
    write: (line) => {
      output.offer(format(line));
    },
  };
}

/** Sends the warnings of Node and its libraries to the log; Node prints them synchronously. */
export function logWarnings(logger: Logger): void {
  if (process.listenerCount('warning') === 0) return; // node --no-warnings
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    logger.warn({ warning: name }, message);
  });
}
