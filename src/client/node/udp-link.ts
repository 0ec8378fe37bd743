import type { LookupFunction } from 'node:net';
import { type Clock, systemClock } from '../../util/clock.js';
import { closeFrame, isCloseFrame } from '../../protocol/close-message.js';
import type { Channel, Link, LinkEvents } from '../link.js';
import type { Destination, LinkOptions } from './link-options.js';
import { UdpEndpoint } from './udp-endpoint.js';

/** Maximum datagram of IPv4: 65,535 bytes minus both headers. */
const MAX_DATAGRAM_BYTES = 65_507;

/** Milliseconds between close messages, and their number. A client waits 2,000 ms for the end. */
const CLOSE_REPEAT_MS = 200;
const MAX_CLOSES = 5;

/** CLASP over UDP: one frame per datagram. The session handles the router's cookie, because it sends HELLO. */
export function udpLink(
  url: string,
  destination: Destination,
  { clock = systemClock, lookup }: LinkOptions = {},
): Link {
  return {
    url,
    reliable: false,
    carriesText: false,
    maxFrameBytes: MAX_DATAGRAM_BYTES,
    open: (events) => new UdpChannel(destination, lookup, events, clock),
  };
}

class UdpChannel implements Channel {
  readonly #events: LinkEvents;
  readonly #clock: Clock;
  readonly #endpoint: UdpEndpoint;
  /** Number of sent close messages, and the timer for the next. */
  #closes = 0;
  #closeTimer: unknown;
  #isOver = false;

  constructor(destination: Destination, lookup: LookupFunction | undefined, events: LinkEvents, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
    this.#endpoint = new UdpEndpoint(destination, lookup, {
      ready: () => {
        if (!this.#isOver) events.opened();
      },
      received: this.#onDatagram,
      failed: (error) => {
        this.#end(error);
      },
    });
  }

  get bufferedBytes(): number {
    return this.#isOver ? 0 : this.#endpoint.bufferedBytes;
  }

  send(frame: Uint8Array | string): void {
    if (!this.#isOver && typeof frame !== 'string') this.#endpoint.send(frame);
  }

  /**
   * Repeats the close message until the router returns it. Each of the two can be lost, and older routers return none.
   */
  close(): void {
    if (this.#isOver || this.#closes > 0) return;
    if (this.#endpoint.hasAnswered) this.#sendClose();
    else this.#end(undefined);
  }

  destroy(): void {
    this.#end(undefined);
  }

  readonly #onDatagram = (datagram: Uint8Array): void => {
    if (this.#isOver) return;
    if (this.#closes > 0 && isCloseFrame(datagram)) this.#end(undefined);
    else if (datagram.length > 0) this.#events.received([datagram]);
  };

  readonly #sendClose = (): void => {
    if (this.#closes === MAX_CLOSES) {
      this.#end(undefined);
      return;
    }
    this.#closes++;
    this.send(closeFrame());
    this.#closeTimer = this.#clock.setTimeout(this.#sendClose, CLOSE_REPEAT_MS);
  };

  #end(cause: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clock.clearTimeout(this.#closeTimer);
    // Later, so that bytes of this turn are sent first, and no listener is called during its own call.
    setImmediate(() => {
      this.#endpoint.close();
      this.#events.closed(cause);
    });
  }
}
