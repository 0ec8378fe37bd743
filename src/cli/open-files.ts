import { readdir } from 'node:fs/promises';
import type { Logger } from '../core/ports.js';
import { type Clock, setBackgroundTimer } from '../util/clock.js';

/** Descriptors that the router uses in addition to those of its sessions: listeners, logs, static files. */
const RESERVED = 64;
/** Descriptors left at which the limit counts as reached. */
const MARGIN = 4;
const LOOK_MS = 2_000;
const LINE_MS = 60_000;

/** The parts of the system that {@link watchOpenFiles} uses. */
export interface OpenFiles {
  /** Maximum descriptors of the process; undefined if the system has no such limit. */
  readonly limit: number | undefined;
  /** Counts the open descriptors. Rejects with EMFILE if none is left for counting them. */
  readonly count: () => Promise<number>;
}

/** Returns the limit and the descriptors of this process; no limit on Windows and if the system does not report one. */
export function openFilesOfProcess(): OpenFiles {
  const folder = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd';
  return { limit: limitOfProcess(), count: async () => (await readdir(folder)).length };
}

/** Returns the soft limit of RLIMIT_NOFILE. Node.js raises it to the hard one when it starts. */
function limitOfProcess(): number | undefined {
  if (process.platform === 'win32') return undefined;
  // Node.js gives a report as `object`; this is the documented shape of the part that is read.
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}

/**
 * Warns if the limit of open files is too low for `maxSessions`, and logs an error while it is reached, once per
 * minute. If the system has no descriptor for a new connection (EMFILE), Node.js closes the connection and reports
 * nothing.
 *
 * @param maxSessions 0 is unlimited
 */
export function watchOpenFiles({ limit, count }: OpenFiles, maxSessions: number, clock: Clock, logger: Logger): void {
  if (limit === undefined) return;
  if (maxSessions + RESERVED > limit) {
    const text = `the system allows ${limit} open files, too few for ${maxSessions} sessions; raise the limit with ulimit -n`;
    logger.warn({ openFiles: limit, maxSessions }, text);
  }
  let loggedAt = -Infinity;
  const look = async (): Promise<void> => {
    const isReached = await count().then(
      (open) => open >= limit - MARGIN,
      (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EMFILE',
    );
    if (isReached && clock.now() - loggedAt >= LINE_MS) {
      loggedAt = clock.now();
      const text = `all ${limit} open files are in use: the system closes new connections; raise the limit with ulimit -n`;
      logger.error({ openFiles: limit }, text);
    }
    setBackgroundTimer(clock, () => void look(), LOOK_MS);
  };
  setBackgroundTimer(clock, () => void look(), LOOK_MS);
}
