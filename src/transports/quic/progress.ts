import type { QuicSession, QuicStream, QuicTraffic } from './provider.js';

/**
 * Progress of the bytes given to a stream. `moved`: some were sent. `received`: none were sent, although the peer was
 * responsive. `silent`: the peer was silent too.
 */
export type Movement = 'moved' | 'received' | 'silent';

/** Larger than the headers and acknowledgements of one packet. Bytes above it are data. */
const PACKET_OVERHEAD_BYTES = 64;
/** Smaller than one packet of data. */
const DATA_BYTES = 512;

/**
 * Detects progress of a stream. `writableLength` is not sufficient, because the library takes bytes in blocks of 100 KB
 * or more, which last many seconds on a slow link. Sent bytes therefore count too, minus the size of packets that only
 * acknowledge. A peer that reads nothing but sends much is answered with many of those.
 */
export class Progress {
  readonly #stream: QuicStream;
  readonly #session: QuicSession;
  #buffered = 0;
  #traffic: QuicTraffic | undefined;

  constructor(stream: QuicStream, session: QuicSession) {
    this.#stream = stream;
    this.#session = session;
  }

  /** Returns the progress since the previous call. */
  look(): Movement {
    const before = this.#traffic;
    const bufferedBefore = this.#buffered;
    this.#buffered = this.#stream.writableLength;
    this.#traffic = this.#session.traffic();
    if (before === undefined || this.#traffic === undefined) return 'silent';
    const { packetsIn, packetsOut, bytesOut } = this.#traffic;
    if (this.#buffered < bufferedBefore) return 'moved';
    if (packetsIn === before.packetsIn) return 'silent'; // repeated retransmissions to it are in vain
    const overhead = (packetsOut - before.packetsOut) * PACKET_OVERHEAD_BYTES;
    return bytesOut - before.bytesOut - overhead >= DATA_BYTES ? 'moved' : 'received';
  }
}
