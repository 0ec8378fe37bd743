import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { type Clock, systemClock } from '../../clock.js';
import { closeFrame, isCloseFrame } from '../../protocol/close-message.js';
import { errorOf } from '../client-error.js';
import type { Channel, Link, LinkEvents } from '../link.js';
import type { Destination, LinkOptions } from './link-to.js';

/** What IPv4 carries in one datagram: 65,535 bytes less both headers. */
const MAX_DATAGRAM_BYTES = 65_507;

/** Milliseconds from one close message to the next, and how many are sent. A client waits 2,000 ms for the end. */
const CLOSE_REPEAT_MS = 200;
const MAX_CLOSES = 5;

/** CLASP over UDP: a frame a datagram. The router's wish for a cookie is met by the session, which says HELLO. */
export function udpLink(url: string, destination: Destination, { clock = systemClock }: LinkOptions = {}): Link {
  return {
    url,
    reliable: false,
    carriesText: false,
    maxFrameBytes: MAX_DATAGRAM_BYTES,
    open: (events) => new UdpChannel(destination, events, clock),
  };
}

class UdpChannel implements Channel {
  readonly #events: LinkEvents;
  readonly #clock: Clock;
  #socket: Socket | undefined;
  /** Close messages that have been sent, and the timer of the next. */
  #closes = 0;
  #closeTimer: unknown;
  /** Whether the router has been heard; from then on the network's passing troubles are left to the keep-alive. */
  #heard = false;
  #isOver = false;

  constructor(destination: Destination, events: LinkEvents, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
    this.#open(destination).catch((error: unknown) => {
      this.#fail(errorOf(error));
    });
  }

  get bufferedBytes(): number {
    return this.#isOver ? 0 : (this.#socket?.getSendQueueSize() ?? 0);
  }

  send(frame: Uint8Array | string): void {
    if (this.#isOver || typeof frame === 'string') return;
    this.#socket?.send(frame, this.#onSent);
  }

  /** Repeats the close message until the router returns it: each of the two may be lost, and older routers return none. */
  close(): void {
    if (this.#isOver || this.#closes > 0) return;
    if (this.#heard) this.#sendClose();
    else this.#end(undefined);
  }

  destroy(): void {
    this.#end(undefined);
  }

  async #open({ host, port }: Destination): Promise<void> {
    const { address, family } = await lookup(host);
    if (this.#isOver) return;
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    this.#socket = socket;
    socket.on('error', this.#fail);
    socket.on('message', (datagram) => {
      if (this.#isOver) return;
      this.#heard = true;
      if (this.#closes > 0 && isCloseFrame(datagram)) this.#end(undefined);
      else if (datagram.length > 0) this.#events.received([datagram]);
    });
    // Connected, so that nobody else's datagrams come in, and the system tells when nobody listens there.
    socket.connect(port, address, () => {
      if (!this.#isOver) this.#events.opened();
    });
  }

  readonly #sendClose = (): void => {
    if (this.#closes === MAX_CLOSES) {
      this.#end(undefined);
      return;
    }
    this.#closes++;
    this.send(closeFrame());
    this.#closeTimer = this.#clock.setTimeout(this.#sendClose, CLOSE_REPEAT_MS);
  };

  readonly #onSent = (error: Error | null): void => {
    if (error !== null) this.#fail(error);
  };

  readonly #fail = (error: Error): void => {
    const refused = 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET'); // the latter on Windows
    if (refused) this.#end(new Error('nobody listens there', { cause: error }));
    else if (!this.#heard) this.#end(error);
  };

  #end(cause: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clock.clearTimeout(this.#closeTimer);
    // Later, so that what was sent in this turn is sent; and nobody is called back from inside his own call.
    setImmediate(() => {
      this.#socket?.close();
      this.#events.closed(cause);
    });
  }
}
