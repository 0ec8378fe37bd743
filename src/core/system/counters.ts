import type { InboundMessage } from '../../protocol/inbound.js';
import type { Statistics } from './statistics.js';

/** Counters of the core itself. Other components supply the rest of {@link Statistics}. */
export class Counters {
  /** Accepted messages by type. One field per type, because every message is counted. */
  readonly messages: Record<InboundMessage['type'], number> = {
    hello: 0,
    welcome: 0,
    announce: 0,
    subscribe: 0,
    unsubscribe: 0,
    publish: 0,
    set: 0,
    remove: 0,
    get: 0,
    snapshot: 0,
    replay: 0,
    federationSync: 0,
    bundle: 0,
    sync: 0,
    ping: 0,
    pong: 0,
    ack: 0,
    error: 0,
    query: 0,
    result: 0,
    malformed: 0,
    rateLimited: 0,
  };
  rateLimited = 0;
  malformed = 0;
  /** Total of ended sessions. */
  conflated = 0;
  receivedBytes = 0;
  sentBytes = 0;
  #bundles = 0;
  #lastErrorMicros = 0;
  #worstErrorMicros = 0;

  get schedule(): Statistics['schedule'] {
    return {
      bundles: this.#bundles,
      lastErrorMicros: this.#lastErrorMicros,
      worstErrorMicros: this.#worstErrorMicros,
    };
  }

  bundleRan(lateMicros: number): void {
    this.#bundles++;
    this.#lastErrorMicros = lateMicros;
    this.#worstErrorMicros = Math.max(this.#worstErrorMicros, lateMicros);
  }
}
