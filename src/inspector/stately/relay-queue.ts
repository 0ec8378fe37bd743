import type { Json } from '../feed.js';

/** What of a WebSocket is used to send. */
export interface RelaySocket {
  /** Bytes it holds that the network has not taken. */
  readonly bufferedAmount: number;
  /** @param done called when the network has taken it, or with why it never will */
  send(text: string, done: (error?: Error | null) => void): void;
}

export interface RelayQueueOptions {
  /** Everything there is now. */
  readonly replay: () => Iterable<Json>;
  /** Bytes that may wait before updates are dropped. */
  readonly maxBehindBytes: number;
  /** Runs a callback in a later turn of the event loop. @default setImmediate */
  readonly defer?: ((callback: () => void) => void) | undefined;
}

/**
 * What waits for one connection, in order: first a replay, then updates. The socket is given a little at a time. A relay that does not
 * keep up loses updates, and is told everything anew as soon as it has taken what waits: it is behind, but never wrong for good.
 */
export class RelayQueue {
  readonly #socket: RelaySocket;
  readonly #replay: () => Iterable<Json>;
  readonly #maxBehindBytes: number;
  readonly #defer: (callback: () => void) => void;
  #replaying: Iterator<Json>;
  #isDeferred = false;
  #updates: string[] = [];
  #sentUpdates = 0;
  #waitingBytes = 0;
  #missed = false;
  #isClosed = false;

  constructor(socket: RelaySocket, { replay, maxBehindBytes, defer }: RelayQueueOptions) {
    this.#socket = socket;
    this.#replay = replay;
    this.#maxBehindBytes = maxBehindBytes;
    this.#defer = defer ?? ((callback) => void setImmediate(callback));
    this.#replaying = replay()[Symbol.iterator]();
    this.#pump();
  }

  /** Bytes of updates that wait, in the socket or for it. What a replay has yet to say is made as it goes out. */
  get behindBytes(): number {
    return this.#waitingBytes + this.#socket.bufferedAmount;
  }

  push(events: readonly Json[]): void {
    if (this.#isClosed) return;
    for (const event of events) {
      if (this.#missed || this.behindBytes > this.#maxBehindBytes) {
        this.#missed = true;
        break;
      }
      const text = JSON.stringify(event);
      this.#updates.push(text);
      this.#waitingBytes += Buffer.byteLength(text);
    }
    this.#pump();
  }

  /** Gives the socket nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#updates = [];
    this.#waitingBytes = 0;
  }

  /** A socket that the network is quick with would take everything in one turn, and everybody else would wait meanwhile. */
  #pump(): void {
    let given = 0;
    while (!this.#isClosed && this.#socket.bufferedAmount < SOCKET_BYTES) {
      if (given > TURN_BYTES) {
        this.#pumpLater();
        return;
      }
      const text = this.#next();
      if (text === undefined) return;
      given += text.length;
      this.#socket.send(text, this.#taken);
    }
  }

  readonly #taken = (error?: Error | null): void => {
    if (!error) this.#pumpLater();
  };

  #pumpLater(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#defer(() => {
      this.#isDeferred = false;
      this.#pump();
    });
  }

  #next(): string | undefined {
    const replayed = this.#replaying.next();
    if (replayed.done !== true) return JSON.stringify(replayed.value);
    const update = this.#updates[this.#sentUpdates];
    if (update !== undefined) {
      this.#sentUpdates++;
      this.#waitingBytes -= Buffer.byteLength(update);
      // A relay that is always a little behind never leaves the list empty.
      if (this.#sentUpdates === SENT_KEPT) {
        this.#updates.splice(0, SENT_KEPT);
        this.#sentUpdates = 0;
      }
      return update;
    }
    this.#updates = [];
    this.#sentUpdates = 0;
    if (!this.#missed) return undefined;
    this.#missed = false;
    this.#replaying = this.#replay()[Symbol.iterator]();
    return this.#next();
  }
}

/** What the socket is given before the network has taken it. */
const SOCKET_BYTES = 256 * 1024;
/** What it is given in one turn of the event loop: about a millisecond's work. */
const TURN_BYTES = 64 * 1024;
/** Updates that have been sent and are still in the list, at most. */
const SENT_KEPT = 1_024;
