import { type Observable, Subject } from 'rxjs';
import { remoteAddressOf } from './remote-address.js';

/** A peer that was not accepted. */
export interface RejectedConnection {
  /**
   * `handshake`: its TLS, QUIC or WebSocket handshake failed. `timeout`: it connected but did not continue in time.
   * `refused`: a limit or a rule rejected it. `unsolicited`: bytes from a source that is not connected and does not
   * request a connection.
   */
  readonly kind: 'handshake' | 'timeout' | 'refused' | 'unsolicited';
  /** Same format as `Connection.remoteAddress`. */
  readonly remoteAddress: string;
  /** Description for people: `no TLS handshake within 10 s`. Never contains bytes of the peer. */
  readonly text: string;
}

/** Source of a rejected peer. If the peer has already disconnected, the address is unknown. */
export interface RejectedSource {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/**
 * Source of `Listener.rejected$`. In a flood, a listener calls {@link report} for each datagram, so a call must be
 * cheap. Without subscribers, a call allocates nothing. With subscribers, it allocates one small object, which builds
 * its address only when read.
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

  /** Completes the stream when the listener closes. */
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
