import type { ServerResponse } from 'node:http';
import { finished, pipeline, type Readable } from 'node:stream';
import type { Clock } from '../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../util/peer-deadline.js';
import { STREAM_STALL_MS } from './route.js';

/** Maximum number of concurrent streams per port. */
const MAX_STREAMS = 64;

/** The answers of one port that are streams: at most {@link MAX_STREAMS}. A peer that does not read is disconnected. */
export class HttpStreams {
  readonly #clock: Clock;
  readonly #open = new Set<ServerResponse>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isFull(): boolean {
    return this.#open.size >= MAX_STREAMS;
  }

  /** Sends a stream after the head, which is already written. */
  send(response: ServerResponse, body: Readable): void {
    this.#open.add(response);
    response.flushHeaders(); // the first event can come late
    const stopWatching = this.#watch(response);
    pipeline(body, response, () => undefined); // if one of the two ends or fails, the other ends too
    finished(response, () => {
      stopWatching();
      this.#open.delete(response);
    });
  }

  clear(): void {
    for (const response of this.#open) response.destroy();
  }

  /** Disconnects a peer that has queued bytes and took none of them since the last check. */
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
