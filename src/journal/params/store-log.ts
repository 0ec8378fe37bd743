import type { Logger } from '../../core/ports.js';
import type { Clock } from '../../util/clock.js';
import { faultCode } from '../files/files.js';

/** A failure that persists is logged again after this time. */
const REPEAT_MS = 300_000;

/** Texts for codes of the system. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file size limit is reached',
  EROFS: 'the disk is read-only',
  EACCES: 'the folder is not accessible',
  EPERM: 'the folder is not accessible',
  ENOENT: 'the folder does not exist',
  EIO: 'the disk reports an error',
};

/** Returns what a fault of the file system means, for a log line or an ERROR. */
export function faultReason(error: unknown): string {
  const code = faultCode(error);
  const known = reasons[code];
  return known === undefined ? code : `${known} (${code})`;
}

/** The log lines of a store: a failure once, and then every five minutes. */
export class StoreLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #lastReason: string | undefined;
  #lastMs = -Infinity;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  failed(error: unknown): void {
    const reason = faultReason(error);
    const nowMs = this.#clock.now();
    if (reason === this.#lastReason && nowMs - this.#lastMs < REPEAT_MS) return;
    this.#lastReason = reason;
    this.#lastMs = nowMs;
    this.#logger.error({ err: error }, `params are not stored: ${reason}; the router continues and retries`);
  }

  slow(milliseconds: number): void {
    this.#logger.warn({ milliseconds }, 'the disk of the params store does not answer; changes wait in memory');
  }

  recovered(): void {
    this.#lastReason = undefined;
    this.#logger.info({}, 'params are stored again');
  }

  notRetired(error: unknown): void {
    this.#logger.warn({ err: error }, `files of an earlier state were not moved: ${faultReason(error)}`);
  }
}
