import { type Observable, Subject } from 'rxjs';
import { remoteAddressOf } from './remote-address.js';

/** A peer that did not come through the door. */
export interface DoorFault {
  /**
   * `handshake`: its TLS, QUIC or WebSocket handshake failed; `silent`: it connected and did not go on in time; `refused`: a limit or
   * a rule kept it out; `stray`: bytes from somebody who is not connected and does not ask to be.
   */
  readonly kind: 'handshake' | 'silent' | 'refused' | 'stray';
  /** As `Connection.remoteAddress`. */
  readonly remoteAddress: string;
  /** What happened, for a person: `no TLS handshake within 10 s`. Never what the peer sent. */
  readonly text: string;
}

/** Where a peer is that did not get in; without an address where it has gone already. */
export interface FaultSource {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/**
 * What `Listener.faults$` tells. A door in a flood calls {@link tell} for each datagram, so that costs next to nothing: while
 * nobody listens it makes nothing at all, and else one small object, whose address is only put together when it is read.
 */
export class DoorFaults {
  readonly observable: Observable<DoorFault>;
  readonly #subject = new Subject<DoorFault>();

  constructor() {
    this.observable = this.#subject.asObservable();
  }

  tell(kind: DoorFault['kind'], source: FaultSource, text: string): void {
    if (this.#subject.observed) this.#subject.next(new Fault(kind, source, text));
  }

  /** The door is shut. */
  complete(): void {
    this.#subject.complete();
  }
}

class Fault implements DoorFault {
  readonly kind: DoorFault['kind'];
  readonly text: string;
  readonly #address: string | undefined;
  readonly #port: number | undefined;

  constructor(kind: DoorFault['kind'], { address, port }: FaultSource, text: string) {
    this.kind = kind;
    this.text = text;
    this.#address = address;
    this.#port = port;
  }

  get remoteAddress(): string {
    return remoteAddressOf(this.#address, this.#port);
  }
}
