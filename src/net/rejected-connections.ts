import { type Observable, Subject } from 'rxjs';
import { remoteAddressOf } from './remote-address.js';

/** A peer that did not come through the door. */
export interface RejectedConnection {
  /**
   * `handshake`: its TLS, QUIC or WebSocket handshake failed; `timeout`: it connected and did not continue in time; `refused`: a limit or
   * a rule kept it out; `unsolicited`: bytes from a source that is not connected and does not ask to be.
   */
  readonly kind: 'handshake' | 'timeout' | 'refused' | 'unsolicited';
  /** As `Connection.remoteAddress`. */
  readonly remoteAddress: string;
  /** What happened, for a person: `no TLS handshake within 10 s`. Never what the peer sent. */
  readonly text: string;
}

/** Where a peer is that did not get in; without an address where it has gone already. */
export interface RejectedSource {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/**
 * What `Listener.rejected$` tells. A door in a flood calls {@link report} for each datagram, so that costs next to nothing: while
 * nobody listens it makes nothing at all, and else one small object, whose address is only put together when it is read.
 */
export class RejectedConnections {
  readonly observable: Observable<RejectedConnection>;
  readonly #subject = new Subject<RejectedConnection>();

  constructor() {
    this.observable = this.#subject.asObservable();
  }

  report(kind: RejectedConnection['kind'], source: RejectedSource, text: string): void {
    if (this.#subject.observed) this.#subject.next(new Rejection(kind, source, text));
  }

  /** The door is shut. */
  complete(): void {
    this.#subject.complete();
  }
}

class Rejection implements RejectedConnection {
  readonly kind: RejectedConnection['kind'];
  readonly text: string;
  readonly #address: string | undefined;
  readonly #port: number | undefined;

  constructor(kind: RejectedConnection['kind'], { address, port }: RejectedSource, text: string) {
    this.kind = kind;
    this.text = text;
    this.#address = address;
    this.#port = port;
  }

  get remoteAddress(): string {
    return remoteAddressOf(this.#address, this.#port);
  }
}
