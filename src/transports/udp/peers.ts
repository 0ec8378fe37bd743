import type { Clock } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { ConnectionLost } from '../transport.js';
import type { UdpConnection } from './connection.js';
import type { Source } from './cookie.js';

/** Checks per idle time. A silent peer is ended at most a tenth of the idle time late. */
const SWEEPS_PER_IDLE_TIME = 10;

/** The validated peers by source. Ends silent ones. */
export class Peers {
  readonly #idleMs: number;
  readonly #clock: Clock;
  readonly #connections = new Map<string, UdpConnection>();
  readonly #countByAddress = new Map<string, number>();
  #sweepDeadline: PeerDeadline | undefined;

  constructor(idleMs: number, clock: Clock) {
    this.#idleMs = idleMs;
    this.#clock = clock;
  }

  get size(): number {
    return this.#connections.size;
  }

  at(source: Source): UdpConnection | undefined {
    return this.#connections.get(keyOf(source));
  }

  /** Returns the number of peers that share an IP address. */
  countAt(address: string): number {
    return this.#countByAddress.get(address) ?? 0;
  }

  /** Returns a copy, because its connections can end during an iteration. */
  all(): readonly UdpConnection[] {
    return [...this.#connections.values()];
  }

  /** Adds a connection for a source that has none. */
  add(connection: UdpConnection): void {
    const { peer } = connection;
    this.#connections.set(keyOf(peer), connection);
    this.#countByAddress.set(peer.address, this.countAt(peer.address) + 1);
    this.#planSweep();
  }

  readonly remove = ({ peer }: UdpConnection): void => {
    this.#connections.delete(keyOf(peer));
    const left = this.countAt(peer.address) - 1;
    if (left > 0) this.#countByAddress.set(peer.address, left);
    else this.#countByAddress.delete(peer.address);
    if (this.#connections.size > 0) return;
    this.#sweepDeadline?.clear();
    this.#sweepDeadline = undefined;
  };

  /** One timer for all peers, while there are any. */
  #planSweep(): void {
    this.#sweepDeadline ??= setPeerDeadline(this.#clock, this.#sweep, this.#idleMs / SWEEPS_PER_IDLE_TIME);
  }

  readonly #sweep = (): void => {
    this.#sweepDeadline = undefined;
    const silentSince = this.#clock.now() - this.#idleMs;
    for (const connection of this.all()) {
      if (connection.lastHeardMs > silentSince) continue;
      connection.end(new ConnectionLost(`the peer was silent for ${this.#idleMs / 1_000} s`));
    }
    if (this.#connections.size > 0) this.#planSweep();
  };
}

function keyOf({ address, port }: Source): string {
  return `${address} ${port}`;
}
