import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { TickBudgetQueue } from '../../net/tick-budget-queue.js';
import { ABNORMAL_CLOSURE } from './close-codes.js';
import { MAX_PENDING_PONGS } from './constants.js';
import { closeCodeOf, closeFrame, controlFrame, OPCODE_CLOSE, OPCODE_PING, OPCODE_PONG } from './control-frames.js';
import type { Peer, PeerHandlers } from './peer.js';

/**
 * Sockets whose peers have ended their side, of all WebSocket ports. Closing a socket costs tens of microseconds, so a
 * limited number is closed per turn of the event loop: without the limit, 5,000 peers that vanished at once stopped the
 * router for 0.4 to 1 s.
 */
const ends = new TickBudgetQueue<() => void>({
  perTurn: 16,
  pass: (end) => {
    end();
  },
});

/** Calls `end` in this turn of the event loop or a later one, within the budget of all WebSocket ports. */
export function endWithinBudget(end: () => void): void {
  ends.push(end);
}

/**
 * Handles control frames and the close of a peer. Most peers need nothing else of the protocol, and keep their `ws` for
 * the first frame of another kind: creating it for each connection takes 10 µs and 2 KB.
 */
export class LeanPeer implements Peer {
  readonly #socket: Socket;
  readonly #handlers: PeerHandlers;
  #isOpen = true;
  #hasSentClose = false;
  #hasReceivedClose = false;
  #closeCode = ABNORMAL_CLOSURE;
  #pendingPongs = 0;

  constructor(socket: Socket, handlers: PeerHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onSocketClose);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether the peer has sent its Close frame. Further input is not part of the protocol and must be dropped. */
  get hasReceivedClose(): boolean {
    return this.#hasReceivedClose;
  }

  /** Stops listening to the socket: from now on, `ws` does. */
  release(): void {
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#onSocketClose);
  }

  /**
   * Handles an unmasked control frame.
   *
   * @returns false if it is invalid, so that `ws` must report it
   */
  receive(opcode: number, payload: Buffer): boolean {
    if (opcode === OPCODE_CLOSE) return this.#receiveClose(payload);
    if (opcode === OPCODE_PING && !this.#answerPing(payload)) return true;
    this.#handlers.onControlFrame();
    return true;
  }

  close(code: number, text: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#hasSentClose = true;
    this.#socket.write(closeFrame(code, text));
  }

  terminate(): void {
    this.#isOpen = false;
    this.#socket.destroy();
  }

  /** Returns false if the peer reads no answers and was cut off. */
  #answerPing(payload: Buffer): boolean {
    if (!this.#isOpen) return true;
    if (this.#pendingPongs >= MAX_PENDING_PONGS) {
      this.terminate();
      return false;
    }
    this.#pendingPongs++;
    this.#socket.write(controlFrame(OPCODE_PONG, payload), this.#onPongWritten);
    return true;
  }

  readonly #onPongWritten = (): void => {
    this.#pendingPongs--;
  };

  #receiveClose(payload: Buffer): boolean {
    const code = closeCodeOf(payload);
    if (code === undefined) return false;
    this.#hasReceivedClose = true;
    this.#closeCode = code;
    this.#isOpen = false;
    // The server ends first, so that the peer has no socket in TIME_WAIT (RFC 6455, section 7.1.1).
    if (this.#hasSentClose) this.#socket.end();
    else this.#socket.end(controlFrame(OPCODE_CLOSE, payload));
    this.#socket.resume(); // until the peer has ended its side
    this.#handlers.onClosing();
    return true;
  }

  /** Sockets of an upgrade are half-open: without `end`, they would stay open. */
  readonly #onEnd = (): void => {
    endWithinBudget(() => {
      const socket = this.#socket;
      if (socket.destroyed) return;
      this.#isOpen = false;
      // Without buffered bytes, closing has the same effect on the network as ending, with one system call less.
      if (socket.writableLength === 0 && !(socket instanceof TLSSocket)) {
        socket.destroy();
        return;
      }
      socket.end();
      this.#handlers.onClosing();
    });
  };

  readonly #onSocketClose = (): void => {
    this.#isOpen = false;
    this.#handlers.onSocketClosed();
    this.#handlers.onClose(this.#closeCode);
  };
}
