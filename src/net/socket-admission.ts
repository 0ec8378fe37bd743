import type { Socket } from 'node:net';
import { AdmissionQueue } from '../util/admission/admission-queue.js';
import { HalfOpen } from '../util/admission/half-open.js';
import type { Clock } from '../util/clock.js';
import { clientPrefix } from '../util/client-prefix.js';
import { ConnectRate } from './connect-rate.js';
import type { RejectedSource } from './rejected-connections.js';
import type { ListenLimits } from './listen-limits.js';

export interface SocketAdmissionOptions extends ListenLimits {
  readonly clock: Clock;
  /** Rate of accepted connections. @default a new rate with these limits */
  readonly rate?: ConnectRate | undefined;
  /**
   * Returns whether sockets from an address are exempt, like those of this computer, because their peers are identified
   * later. @default none
   */
  readonly isExempt?: ((address: string | undefined) => boolean) | undefined;
  /** Starts the handshake of a socket that was not read so far. {@link SocketAdmission.leave} ends it. */
  readonly admit: (socket: Socket, source: RejectedSource) => void;
  /** Called for a socket that a limit rejects. The socket is already closed. */
  readonly refused: (source: RejectedSource, text: string) => void;
  /** Ends a slow handshake because another connection waits for a limit. */
  readonly cutOff: (socket: Socket, ageSeconds: number, reason: string) => void;
}

interface Arrival {
  /** Retained, because a closed socket does not return its address. */
  readonly source: RejectedSource;
  /** Listens to the close of the socket. */
  readonly onClose: () => void;
}

/**
 * Applies the limits of a port to accepted sockets. The server must accept with `pauseOnConnect`. A waiting socket then
 * costs a file descriptor, about 4 KB, and the input that the system buffers. The end of such a socket is detected only
 * when it is read.
 */
export class SocketAdmission {
  readonly #halfOpen: HalfOpen<Socket>;
  readonly #queue: AdmissionQueue<Socket>;
  readonly #isExempt: (address: string | undefined) => boolean;
  /** Sockets that wait, or whose handshake is not complete. */
  readonly #arrivals = new WeakMap<Socket, Arrival>();

  constructor(options: SocketAdmissionOptions) {
    const { clock, handshakeMs, admit, refused, cutOff, rate = new ConnectRate(options) } = options;
    this.#isExempt = options.isExempt ?? (() => false);
    this.#halfOpen = new HalfOpen<Socket>({
      ...options,
      describe: (scope, count, limit) =>
        `${count} connections${scope === 'place' ? ' of its address' : ''} are half-open; the limit is ${limit}`,
      cutOff: (socket, ageSeconds, reason) => {
        cutOff(socket, ageSeconds, reason);
        return true;
      },
    });
    this.#queue = new AdmissionQueue<Socket>({
      gates: [rate, this.#halfOpen],
      maxWaiting: options.maxWaiting,
      maxWaitingPerAddress: options.maxWaitingPerAddress,
      maxWaitMs: handshakeMs,
      clock,
      admit: (socket) => {
        admit(socket, this.#sourceOf(socket));
      },
      refuse: (socket, text) => {
        socket.destroy();
        refused(this.#sourceOf(socket), text);
      },
    });
  }

  /** Registers a socket that a server has accepted but not read. */
  arrive(socket: Socket): void {
    const { remoteAddress: address, remotePort: port } = socket;
    const onClose = (): void => {
      this.#queue.forget(socket);
      this.leave(socket);
    };
    this.#arrivals.set(socket, { source: { address, port }, onClose });
    socket.once('close', onClose);
    this.#queue.arrive(socket, this.#isExempt(address) ? undefined : clientPrefix(address));
  }

  /** Marks the handshake as complete. Has no effect for a socket without a handshake. */
  leave(socket: Socket): void {
    const arrival = this.#arrivals.get(socket);
    if (arrival === undefined) return;
    this.#arrivals.delete(socket);
    socket.off('close', arrival.onClose); // open connections do not need it, and there are many
    this.#halfOpen.leave(socket);
  }

  /** Closes all waiting sockets. */
  clear(): void {
    for (const socket of this.#queue.clear()) socket.destroy();
  }

  #sourceOf(socket: Socket): RejectedSource {
    return this.#arrivals.get(socket)?.source ?? {}; // invariant: set on arrival
  }
}
