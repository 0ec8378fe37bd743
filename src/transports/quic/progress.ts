import type { QuicSession, QuicStream, QuicTraffic } from './provider.js';

/**
 * What has become of the bytes given to a stream: some `moved`; none did although the peer was `heard`; or the peer was
 * `silent` as well.
 */
export type Movement = 'moved' | 'heard' | 'silent';

/** More than the headers and acknowledgements of one packet; what is over it is data. */
const PACKET_OVERHEAD_BYTES = 64;
/** Less than one packet full of data. */
const DATA_BYTES = 512;

/**
 * Watches whether a stream gets anywhere. `writableLength` alone does not tell: the library takes bytes in lumps of 100 KB and
 * more, which last a slow link for many seconds. So what really goes out counts too, less what packets of mere acknowledgements
 * weigh: a peer that takes nothing but sends much is answered with many of those.
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

  /** What happened since the call before. */
  look(): Movement {
    const before = this.#traffic;
    const bufferedBefore = this.#buffered;
    this.#buffered = this.#stream.writableLength;
    this.#traffic = this.#session.traffic();
    if (before === undefined || this.#traffic === undefined) return 'silent';
    const { packetsIn, packetsOut, bytesOut } = this.#traffic;
    if (this.#buffered < bufferedBefore) return 'moved';
    if (packetsIn === before.packetsIn) return 'silent'; // what goes out to it is sent in vain, again and again
    const overhead = (packetsOut - before.packetsOut) * PACKET_OVERHEAD_BYTES;
    return bytesOut - before.bytesOut - overhead >= DATA_BYTES ? 'moved' : 'heard';
  }
}
