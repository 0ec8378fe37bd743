import type { ServerResponse } from 'node:http';
import { finished, pipeline, type Readable } from 'node:stream';
import type { Clock } from '../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../util/peer-deadline.js';
import { STREAM_STALL_MS } from './route.js';

/** Answers of a door that go on for long, at once. */
const MAX_STREAMS = 64;

/** The answers of one door that are streams: at most {@link MAX_STREAMS}, and none for a peer that does not read. */
export class HttpStreams {
  readonly #clock: Clock;
  readonly #open = new Set<ServerResponse>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isFull(): boolean {
    return this.#open.size >= MAX_STREAMS;
  }

  /** Sends a stream behind the head that was written. */
  send(response: ServerResponse, body: Readable): void {
    this.#open.add(response);
    response.flushHeaders(); // the first event may be long in coming
    const stopWatching = this.#watch(response);
    pipeline(body, response, () => undefined); // whichever of the two ends or breaks ends the other
    finished(response, () => {
      stopWatching();
      this.#open.delete(response);
    });
  }

  clear(): void {
    for (const response of this.#open) response.destroy();
  }

  /** Cuts off a peer for whom something waits and who has taken nothing since the last look. */
  #watch(response: ServerResponse): () => void {
    let deadline: PeerDeadline | undefined;
    let hasTaken = false;
    response.on('drain', () => {
      hasTaken = true;
    });
    const look = (): void => {
      const waits = response.writableNeedDrain || response.writableEnded;
      if (waits && !hasTaken) {
        response.destroy();
        return;
      }
      hasTaken = !waits;
      arm();
    };
    const arm = (): void => {
      deadline = setPeerDeadline(this.#clock, look, STREAM_STALL_MS);
    };
    arm();
    return () => {
      deadline?.clear();
    };
  }
}
