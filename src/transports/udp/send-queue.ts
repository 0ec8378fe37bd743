import type { Socket } from 'node:dgram';
import type { Clock } from '../../util/clock.js';
import { setPeerDeadline } from '../../util/peer-deadline.js';
import { HELD_OVERHEAD_BYTES, MAX_HELD_BYTES } from './constants.js';
import type { Source } from './cookie.js';

/** The part of a socket that is used for sending. */
export type SendingSocket = Pick<Socket, 'send' | 'getSendQueueCount'>;

/**
 * Sends the datagrams of all connections of a socket. Normally the system takes each immediately. While the network
 * interface is busy, datagrams wait in Node.js, in order, and this queue bounds their number.
 */
export class SendQueue {
  /**
   * Datagrams that the system rejected: no route, host unreachable, interface down. UDP does not guarantee delivery.
   */
  failedSends = 0;
  readonly #socket: SendingSocket;
  readonly #clock: Clock;
  #heldBytes = 0;
  #onEmpty: (() => void) | undefined;

  constructor(socket: SendingSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  /**
   * @param onTaken called with the length when the system takes a datagram that it did not take immediately
   * @returns `'taken'`, `'held'` if `onTaken` follows, or `'dropped'` if the queue is full
   */
  send(datagram: Uint8Array, to: Source, onTaken: (length: number) => void = ignore): 'taken' | 'held' | 'dropped' {
    const cost = datagram.length + HELD_OVERHEAD_BYTES;
    if (this.#heldBytes + cost > MAX_HELD_BYTES) return 'dropped';
    const waiting = this.#socket.getSendQueueCount();
    let held = false;
    // A closure per datagram costs 1 % of the system call.
    this.#socket.send(datagram, to.port, to.address, (error) => {
      if (error !== null) this.failedSends++;
      if (!held) return;
      this.#heldBytes -= cost;
      onTaken(datagram.length);
      if (this.#heldBytes === 0) this.#onEmpty?.();
    });
    held = this.#socket.getSendQueueCount() > waiting;
    if (!held) return 'taken';
    this.#heldBytes += cost;
    return 'held';
  }

  /** Resolves when the queue is empty, or after the given milliseconds. Called before the socket closes. */
  emptied(graceMs: number): Promise<void> {
    if (this.#heldBytes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const deadline = setPeerDeadline(this.#clock, resolve, graceMs);
      this.#onEmpty = () => {
        deadline.clear();
        resolve();
      };
    });
  }
}

function ignore(): void {
  // an answer to an unvalidated source has no waiting sender
}
