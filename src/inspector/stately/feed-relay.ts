import { WebSocket } from 'ws';
import type { Logger } from '../../core/ports.js';
import { type Clock, setBackgroundTimer } from '../../util/clock.js';
import { peerText, SENTENCE_CHARACTERS } from '../../util/printable-text.js';
import { RelayQueue } from './relay-queue.js';
import { parseRelayUrl, shownUrl } from './relay-url.js';
import type { StatelyStream } from './stately-stream.js';

export interface FeedRelayOptions {
  /** Address of the Stately inspector's relay: `ws://localhost:8080`. */
  readonly url: string;
  readonly stream: StatelyStream;
  readonly logger: Logger;
  readonly clock: Clock;
  /**
   * Maximum bytes queued for the relay. Above it, updates are dropped; when the relay has caught up, it receives all
   * actors again. @default 4 MiB
   */
  readonly maxBehindBytes?: number | undefined;
}

/**
 * Streams actors to a relay of the Stately inspector, as `createWebSocketInspector` does: one WebSocket message of
 * plain JSON per event. There is no handshake, and incoming messages are ignored. Each connection starts with all
 * present actors. After a loss it reconnects without limit, after 1 s, 2 s, 4 s and so on, at most 30 s. It observes
 * nothing while it is not connected.
 *
 * @throws RelayUrlError if the URL is not a WebSocket address
 */
export function feedRelay(options: FeedRelayOptions): FeedRelay {
  return new FeedRelay(options);
}

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;
/** A connection that lasted this long resets the reconnect delay to its minimum. */
const STEADY_MS = 10_000;
const HANDSHAKE_MS = 10_000;
const CLOSE_MS = 1_000;
const MAX_BEHIND_BYTES = 4 * 1024 * 1024;
/** A relay forwards the messages of its other peers. They are ignored. */
const MAX_INCOMING_BYTES = 64 * 1024 * 1024;

/** A stream to a relay. */
export class FeedRelay {
  readonly #url: URL;
  readonly #stream: StatelyStream;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #maxBehindBytes: number;
  #socket: WebSocket | undefined;
  #unsubscribe: (() => void) | undefined;
  #timer: unknown;
  #backoffMs = FIRST_BACKOFF_MS;
  #connectedAtMs: number | undefined;
  /** Whether the loss of the relay was logged. */
  #saidLost = false;
  #isClosed = false;

  /** @internal */
  constructor({ url, stream, logger, clock, maxBehindBytes = MAX_BEHIND_BYTES }: FeedRelayOptions) {
    this.#url = parseRelayUrl(url);
    this.#stream = stream;
    this.#logger = logger;
    this.#clock = clock;
    this.#maxBehindBytes = maxBehindBytes;
    this.#connect();
  }

  /** Ends the stream permanently. Can be called repeatedly. */
  close(): void {
    this.#isClosed = true;
    this.#clock.clearTimeout(this.#timer);
    this.#rest();
    const socket = this.#socket;
    if (socket === undefined) return;
    socket.close();
    // A relay that does not answer must not delay the exit of the process.
    setBackgroundTimer(
      this.#clock,
      () => {
        socket.terminate();
      },
      CLOSE_MS,
    );
  }

  readonly #connect = (): void => {
    const socket = new WebSocket(this.#url, {
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
      maxPayload: MAX_INCOMING_BYTES,
      skipUTF8Validation: true,
    });
    this.#socket = socket;
    let fault: Error | undefined;
    socket.on('open', () => {
      this.#connected();
      const queue = new RelayQueue(socket, {
        replay: () => this.#stream.replayEach(),
        maxBehindBytes: this.#maxBehindBytes,
      });
      this.#unsubscribe = this.#stream.subscribe((events) => {
        queue.push(events);
      });
    });
    socket.on('error', (error) => {
      fault = error; // 'close' follows
    });
    socket.on('close', () => {
      this.#lost(fault);
    });
  };

  #connected(): void {
    this.#connectedAtMs = this.#clock.now();
    this.#saidLost = false;
    this.#logger.info({ relay: shownUrl(this.#url) }, 'connected to the inspector relay');
  }

  #rest(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #lost(fault: Error | undefined): void {
    this.#socket = undefined;
    this.#rest();
    if (this.#isClosed) return;
    const connectedMs = this.#connectedAtMs === undefined ? 0 : this.#clock.now() - this.#connectedAtMs;
    this.#connectedAtMs = undefined;
    if (connectedMs >= STEADY_MS) this.#backoffMs = FIRST_BACKOFF_MS;
    if (!this.#saidLost) {
      this.#saidLost = true;
      const fields = {
        relay: shownUrl(this.#url),
        ...(fault !== undefined && { reason: peerText(reasonOf(fault), SENTENCE_CHARACTERS) }),
      };
      this.#logger.warn(fields, 'the inspector relay is not reachable; reconnecting');
    }
    this.#timer = setBackgroundTimer(this.#clock, this.#connect, this.#backoffMs);
    this.#backoffMs = Math.min(this.#backoffMs * 2, LONGEST_BACKOFF_MS);
  }
}

/** If `node:net` fails at each address of a name, its error has a code and no message. */
function reasonOf(fault: Error & { readonly code?: unknown }): string {
  return fault.message === '' ? String(fault.code) : fault.message;
}
