import type { Socket } from 'node:dgram';
import type { Clock } from '../../util/clock.js';
import { setPeerDeadline } from '../../util/peer-deadline.js';
import { HELD_OVERHEAD_BYTES, MAX_HELD_BYTES } from './constants.js';
import type { Source } from './cookie.js';

/** What is used of a socket to send. */
export type SendingSocket = Pick<Socket, 'send' | 'getSendQueueCount'>;

/**
 * Sends the datagrams of all connections of a socket. Normally the system takes each at once; while the network interface is
 * behind they wait in Node, in order, and this bounds how many.
 */
export class SendQueue {
  /** Datagrams that the system refused: no route, host unreachable, interface down. UDP promises nobody a delivery. */
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
   * @param onTaken called, with the length, once the system has taken a datagram that it did not take at once
   * @returns `'taken'`, `'held'` if `onTaken` follows, or `'dropped'` for want of room
   */
  send(datagram: Uint8Array, to: Source, onTaken: (length: number) => void = ignore): 'taken' | 'held' | 'dropped' {
    const cost = datagram.length + HELD_OVERHEAD_BYTES;
    if (this.#heldBytes + cost > MAX_HELD_BYTES) return 'dropped';
    const waiting = this.#socket.getSendQueueCount();
    let held = false;
    // A closure for each datagram, which takes 1 % of the time of the system call.
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

  /** Resolves when nothing waits any more, or after that many milliseconds. For whoever is about to close the socket. */
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
  // an answer to a stranger: nobody waits for it
}
