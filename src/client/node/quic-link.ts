import { type Clock, systemClock } from '../../util/clock.js';
import { closeFrame } from '../../protocol/close-message.js';
import { ALPN, quicCloseCodes } from '../../transports/quic/constants.js';
import { http3Provider } from '../../transports/quic/http3-provider.js';
import type { QuicEnd, QuicLink } from '../../transports/quic/provider.js';
import { errorOf } from '../client-error.js';
import type { Channel, Link, LinkEvents } from '../link.js';
import { ByteStream } from './byte-stream.js';
import { ClientDatagrams } from './client-datagrams.js';
import type { Destination, LinkOptions } from './link-options.js';

/** CLASP over QUIC: adjacent frames on the one stream that the client opens, and datagrams on request. */
export function quicLink(url: string, destination: Destination, options: LinkOptions): Link {
  const {
    quicProvider: provider = http3Provider(),
    ca,
    servername,
    connectTimeoutMs = 10_000,
    datagrams,
    lookup,
  } = options;
  const { clock = systemClock } = options;
  const { host: address, port } = destination;
  // Half of the time, because the library reports the cause of a failure better than a timer here, and cannot be
  // interrupted.
  const handshakeMs = Math.ceil(connectTimeoutMs / 2);
  const connect = (): Promise<QuicLink> =>
    provider.connect({ address, port, alpn: ALPN, ca, servername, lookup, handshakeMs, datagrams });
  return {
    url,
    reliable: true,
    carriesText: false,
    open: (events) => new QuicChannel(connect, events, clock),
  };
}

class QuicChannel implements Channel {
  readonly #events: LinkEvents;
  readonly #clock: Clock;
  #link: QuicLink | undefined;
  #stream: ByteStream | undefined;
  #datagrams: ClientDatagrams | undefined;
  #isOver = false;

  constructor(connect: () => Promise<QuicLink>, events: LinkEvents, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
    connect().then(this.#opened, (error: unknown) => {
      this.#end(errorOf(error));
    });
  }

  get bufferedBytes(): number {
    return this.#stream?.bufferedBytes ?? 0;
  }

  send(frame: Uint8Array | string): void {
    if (!this.#isOver && typeof frame !== 'string') this.#stream?.send(frame);
  }

  get hasDatagrams(): boolean | undefined {
    return this.#datagrams?.isAgreed;
  }

  sendLoosely(frame: Uint8Array): boolean {
    return !this.#isOver && this.#datagrams?.send(frame) === true;
  }

  close(): void {
    const link = this.#link;
    if (link === undefined) return this.destroy();
    this.#stream?.send(closeFrame()); // without it, the router treats the end as that of a failed program
    // When the router ends its side as well, all written bytes have arrived.
    link.stream.once('end', () => this.#leave());
    link.stream.end();
  }

  destroy(): void {
    this.#isOver = true;
    this.#leave();
  }

  readonly #opened = (link: QuicLink): void => {
    this.#link = link;
    if (this.#isOver) return this.#leave();
    this.#stream = new ByteStream(link.stream, {
      framing: 'raw',
      received: (frames) => {
        this.#datagrams?.ask(); // the router knows this connection now
        this.#received(frames);
      },
      broken: (fault) => {
        this.#end(fault);
        this.#leave();
      },
    });
    if (link.datagrams !== undefined) {
      this.#datagrams = new ClientDatagrams(link.datagrams, this.#clock, this.#received);
    }
    // A router that ends its side closes the connection. The library reports that only when the session has ended.
    link.stream.once('end', () => {
      link.stream.end();
    });
    void link.closed.then((end) => {
      this.#end(causeOf(end));
    });
    this.#events.opened();
  };

  readonly #received = (frames: readonly Uint8Array[]): void => {
    if (!this.#isOver) this.#events.received(frames);
  };

  #leave(): void {
    this.#datagrams?.stop();
    void this.#link?.close(quicCloseCodes.normal, '').catch(() => undefined);
  }

  #end(cause: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#datagrams?.stop();
    this.#events.closed(cause);
  }
}

function causeOf(end: QuicEnd): Error | undefined {
  const isGoodbye =
    end.kind === 'closed' && (end.code === quicCloseCodes.normal || end.code === quicCloseCodes.goingAway);
  return isGoodbye ? undefined : new Error(end.text === '' ? 'the QUIC connection was cut' : end.text);
}
