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
  /** How often connections are accepted. @default one of its own, with these limits */
  readonly rate?: ConnectRate | undefined;
  /** Whether sockets from an address do not count, as those of this computer: their peers are only known later. @default never */
  readonly isExempt?: ((address: string | undefined) => boolean) | undefined;
  /** Begins the handshake of a socket, which has not been read so far. {@link SocketAdmission.leave} ends it. */
  readonly admit: (socket: Socket, source: RejectedSource) => void;
  /** Is notified of a socket that is refused by a limit; the socket is closed already. */
  readonly refused: (source: RejectedSource, text: string) => void;
  /** Ends a handshake that takes long, because another connection waits for a limit. */
  readonly cutOff: (socket: Socket, ageSeconds: number, reason: string) => void;
}

/**
 * Applies the limits of a port to accepted sockets. A server that uses it accepts with `pauseOnConnect`, so a socket that waits
 * costs a file descriptor, some 4 KB and what the system buffers of its input. The end of such a socket is noticed when it is read.
 */
export class SocketAdmission {
  readonly #halfOpen: HalfOpen<Socket>;
  readonly #queue: AdmissionQueue<Socket>;
  readonly #isExempt: (address: string | undefined) => boolean;
  /** Retained, because a socket that has closed no longer knows its address. */
  readonly #sources = new WeakMap<Socket, RejectedSource>();

  constructor(options: SocketAdmissionOptions) {
    const { clock, handshakeMs, admit, refused, cutOff, rate = new ConnectRate(options) } = options;
    this.#isExempt = options.isExempt ?? (() => false);
    this.#halfOpen = new HalfOpen<Socket>({
      ...options,
      describe: (scope, count, limit) =>
        `${count} connections${scope === 'place' ? ' of its address' : ''} are half open; the limit is ${limit}`,
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

  /** A socket that a server has accepted and not read. */
  arrive(socket: Socket): void {
    const { remoteAddress: address, remotePort: port } = socket;
    this.#sources.set(socket, { address, port });
    socket.once('close', () => {
      this.#queue.forget(socket);
      this.leave(socket);
    });
    this.#queue.arrive(socket, this.#isExempt(address) ? undefined : clientPrefix(address));
  }

  /** The handshake is complete. Does nothing for a socket without one. */
  leave(socket: Socket): void {
    this.#halfOpen.leave(socket);
  }

  /** Closes the sockets that wait. */
  clear(): void {
    for (const socket of this.#queue.clear()) socket.destroy();
  }

  #sourceOf(socket: Socket): RejectedSource {
    return this.#sources.get(socket) ?? {}; // set on arrival
  }
}
