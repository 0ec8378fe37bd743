import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { errorOf } from '../client-error.js';
import type { Channel, Link, LinkEvents } from '../link.js';
import type { Destination } from './link-to.js';

/** What IPv4 carries in one datagram: 65,535 bytes less both headers. */
const MAX_DATAGRAM_BYTES = 65_507;

/** CLASP over UDP: a frame a datagram. The router's wish for a cookie is met by the session, which says HELLO. */
export function udpLink(url: string, destination: Destination): Link {
  return {
    url,
    reliable: false,
    carriesText: false,
    maxFrameBytes: MAX_DATAGRAM_BYTES,
    open: (events) => new UdpChannel(destination, events),
  };
}

class UdpChannel implements Channel {
  readonly #events: LinkEvents;
  #socket: Socket | undefined;
  /** Whether the router has been heard; from then on the network's passing troubles are left to the keep-alive. */
  #heard = false;
  #isOver = false;

  constructor(destination: Destination, events: LinkEvents) {
    this.#events = events;
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

  /** UDP has no goodbye: the session ends at the router when it has heard nothing for a while. */
  close(): void {
    this.#end(undefined);
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
      if (datagram.length > 0) this.#events.received([datagram]);
    });
    // Connected, so that nobody else's datagrams come in, and the system tells when nobody listens there.
    socket.connect(port, address, () => {
      if (!this.#isOver) this.#events.opened();
    });
  }

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
    // Later, so that what was sent in this turn is sent; and nobody is called back from inside his own call.
    setImmediate(() => {
      this.#socket?.close();
      this.#events.closed(cause);
    });
  }
}
