import { STREAM_REFUSED } from './constants.js';
import type { QuicEnd, QuicSession, QuicSessionHandlers, QuicTraffic } from './provider.js';
import type { Http3SessionHandle } from './http3-module.js';
import { endOf, ignore, sendDatagram } from './http3-handles.js';

/** A QUIC connection of a client, at the router. */
export class Http3Session implements QuicSession {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly #handle: Http3SessionHandle;
  readonly #forget: () => void;
  #handlers: QuicSessionHandlers | undefined;
  #ended = false;

  constructor(handle: Http3SessionHandle, forget: () => void) {
    this.#handle = handle;
    this.#forget = forget;
    this.remoteHost = handle.remoteAddress;
    this.remotePort = handle.remotePort;
    handle.on('error', ignore); // a close with the reason follows
    handle.on('close', ({ errorCode, reason }) => {
      this.end(endOf(errorCode, reason));
    });
    handle.on('stream', (stream) => {
      stream.on('error', ignore);
      if (isFromClientBothWays(stream.id)) this.#handlers?.stream(stream);
      else stream.close(STREAM_REFUSED);
    });
    handle.on('datagram', (bytes) => this.#handlers?.datagram(bytes));
  }

  handle(handlers: QuicSessionHandlers): void {
    this.#handlers = handlers;
  }

  /** @internal */
  end(end: QuicEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#forget();
    this.#handlers?.closed(end);
  }

  close(code: number, text: string): void {
    if (this.#ended) return;
    this.#handle.close(code, text);
    // The library reports the close too, but only several round trips later.
    queueMicrotask(() => {
      this.end({ kind: 'closed', code, text });
    });
  }

  ping(): void {
    try {
      this.#handle.ping();
    } catch {
      // The session has closed, and its end event follows.
    }
  }

  sendDatagram(bytes: Uint8Array): void {
    if (!this.#ended) sendDatagram(this.#handle, bytes);
  }

  traffic(): QuicTraffic | undefined {
    const metrics = this.#ended ? null : this.#handle.getMetrics();
    return metrics === null ? undefined : { ...metrics, maxPacketBytes: metrics.pmtu };
  }
}

/** RFC 9000, section 2.1: bit 0 is the initiator, bit 1 is set for unidirectional streams. */
function isFromClientBothWays(streamId: number): boolean {
  return (streamId & 0x03) === 0;
}
