import { type Clock, setBackgroundTimer } from '../../util/clock.js';
import { peerText, SENTENCE_CHARACTERS } from '../../util/printable-text.js';
import type { RejectedConnection } from '../../transports/transport.js';
import type { Logger } from '../../core/ports.js';

/** Milliseconds between two lines about one kind of rejection. */
const LINE_INTERVAL_MS = 1_000;

export interface FaultLogOptions {
  /** Name of the listener's transport, for the lines. */
  readonly transport: string;
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Counts all rejections by kind. */
  readonly counts?: FaultCounts | undefined;
}

/** Rejected connections by kind. */
export type FaultCounts = Record<RejectedConnection['kind'], number>;

/** State of one kind of rejection. */
interface Kind {
  /** The last suppressed rejection, and their number. */
  latest: RejectedConnection | undefined;
  leftOut: number;
  /** Timer that runs while lines are suppressed. */
  readonly rest: unknown;
}

/**
 * Logs rejected connections: the first of each kind at once, then at most one line per second and kind, with the last
 * suppressed one and the number of the others. A port scan causes few lines, and the counts include all of it.
 */
export class FaultLog {
  readonly #options: FaultLogOptions;
  /** Kinds with a line in the last second. */
  readonly #resting = new Map<RejectedConnection['kind'], Kind>();

  constructor(options: FaultLogOptions) {
    this.#options = options;
  }

  readonly add = (fault: RejectedConnection): void => {
    if (this.#options.counts !== undefined) this.#options.counts[fault.kind]++;
    const resting = this.#resting.get(fault.kind);
    if (resting === undefined) {
      this.#write(fault, 0);
      this.#rest(fault.kind);
    } else {
      resting.latest = fault;
      resting.leftOut++;
    }
  };

  /** The listener is closed: logs what was suppressed so far. */
  finish(): void {
    for (const { latest, leftOut, rest } of this.#resting.values()) {
      this.#options.clock.clearTimeout(rest);
      if (latest !== undefined) this.#write(latest, leftOut - 1);
    }
    this.#resting.clear();
  }

  #rest(kind: RejectedConnection['kind']): void {
    const rest = setBackgroundTimer(
      this.#options.clock,
      () => {
        this.#rested(kind);
      },
      LINE_INTERVAL_MS,
    );
    this.#resting.set(kind, { latest: undefined, leftOut: 0, rest });
  }

  #rested(kind: RejectedConnection['kind']): void {
    const { latest, leftOut } = this.#resting.get(kind)!; // an entry is removed together with its timer
    this.#resting.delete(kind);
    if (latest === undefined) return;
    this.#write(latest, leftOut - 1);
    this.#rest(kind);
  }

  #write({ kind, remoteAddress, text: said }: RejectedConnection, more: number): void {
    const { transport, url, logger } = this.#options;
    const text = peerText(said, SENTENCE_CHARACTERS);
    const fields = { transport, url, fault: kind, remoteAddress };
    if (more === 0) logger.warn(fields, `connection rejected: ${text}`);
    else logger.warn({ ...fields, more }, `connection rejected: ${text}, and ${more} more`);
  }
}
