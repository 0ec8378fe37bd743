import { type Clock, setBackgroundTimer } from '../../util/clock.js';
import { peerText, SENTENCE_CHARACTERS } from '../../util/printable-text.js';
import type { RejectedConnection } from '../../transports/transport.js';
import type { Logger } from '../../core/ports.js';

/** Milliseconds from one line about a kind of fault to the next. */
const LINE_INTERVAL_MS = 1_000;

export interface FaultLogOptions {
  /** Of the door, for the lines. */
  readonly transport: string;
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Counts them all, by kind. */
  readonly counts?: FaultCounts | undefined;
}

/** Peers that did not get in, since somebody began to count. */
export type FaultCounts = Record<RejectedConnection['kind'], number>;

/** What there is to say of one kind of fault. */
interface Kind {
  /** The last that was left out, and how many there are. */
  latest: RejectedConnection | undefined;
  leftOut: number;
  /** Runs while there is no line to be written. */
  readonly rest: unknown;
}

/**
 * Writes down who did not get in: the first of each kind at once, then a line a second at most, with the last of those that were
 * left out and the number of the others. A port scan is a few lines, and none of it is lost from the counts.
 */
export class FaultLog {
  readonly #options: FaultLogOptions;
  /** Those of which there was a line in this second. */
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

  /** The door is shut: writes what was left out so far. */
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
    const { latest, leftOut } = this.#resting.get(kind)!; // its timer is cleared where it is taken out
    this.#resting.delete(kind);
    if (latest === undefined) return;
    this.#write(latest, leftOut - 1);
    this.#rest(kind);
  }

  #write({ kind, remoteAddress, text: said }: RejectedConnection, more: number): void {
    const { transport, url, logger } = this.#options;
    const text = peerText(said, SENTENCE_CHARACTERS);
    const fields = { transport, url, fault: kind, remoteAddress };
    if (more === 0) logger.warn(fields, `not let in: ${text}`);
    else logger.warn({ ...fields, more }, `not let in: ${text}, and ${more} more`);
  }
}
