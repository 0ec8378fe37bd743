import type { Json } from '../feed.js';

/** The part of a WebSocket that is used to send. */
export interface RelaySocket {
  /** Bytes that the socket has buffered. */
  readonly bufferedAmount: number;
  /** @param done called when the network has accepted the text, or with the error */
  send(text: string, done: (error?: Error | null) => void): void;
}

export interface RelayQueueOptions {
  /** Returns all present actors. */
  readonly replay: () => Iterable<Json>;
  /** Maximum queued bytes before updates are dropped. */
  readonly maxBehindBytes: number;
  /** Runs a callback in a later turn of the event loop. @default setImmediate */
  readonly defer?: ((callback: () => void) => void) | undefined;
}

/**
 * Send queue of one connection: first a replay, then updates. The socket gets a small part at a time. If the relay
 * does not keep up, updates are dropped, and it receives a full replay when the queue is empty. Its state is late,
 * but never permanently wrong.
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

  /**
   * Bytes of queued updates, in the socket or before it. The rest of a replay is created when it is sent, and does
   * not count.
   */
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

  /** Stops sending. */
  close(): void {
    this.#isClosed = true;
    this.#updates = [];
    this.#waitingBytes = 0;
  }

  /** A fast socket would accept everything in one turn, and block all other work. */
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
      // Without this, the list would never be empty for a relay that is always slightly behind.
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

/** Maximum bytes in the socket. */
const SOCKET_BYTES = 256 * 1024;
/** Maximum bytes per turn of the event loop: about 1 ms of work. */
const TURN_BYTES = 64 * 1024;
/** Maximum sent updates that stay in the list. */
const SENT_KEPT = 1_024;
