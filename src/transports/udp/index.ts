import { type Clock, systemClock } from '../../util/clock.js';
import { checkOptions, clock, count, duration, positive, text } from '../../net/option-rules.js';
import type { Transport } from '../transport.js';
import { defaults } from './constants.js';
import { UdpListener } from './listener.js';

export type { UdpConnection } from './connection.js';
export type { UdpCounts, UdpListener } from './listener.js';

export interface UdpOptions {
  /** UDP port. 0 selects any free port; see `Listener.addresses`. @default 7330 */
  readonly port?: number | undefined;
  /** Local address to listen on. `::` listens on all IPv6 and IPv4 addresses. @default '0.0.0.0', all IPv4 addresses */
  readonly host?: string | undefined;
  /**
   * Maximum bytes per sent datagram, 512 to 65,507. Above 1,400, datagrams can be fragmented or lost. @default 1_400
   */
  readonly maxDatagramBytes?: number | undefined;
  /** Maximum bytes per peer that wait for the network. Excess is dropped. @default 2_097_152 */
  readonly maxQueuedBytes?: number | undefined;
  /** Milliseconds of silence after which a peer is lost. @default 30_000 */
  readonly idleMs?: number | undefined;
  /** Maximum concurrent peers. 0 is unlimited. @default 10_000 */
  readonly maxConnections?: number | undefined;
  /** Maximum concurrent peers per IP address. 0 is unlimited. @default 64 */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** HELLOs without a valid cookie that are answered per second, of all sources together. At least 1. @default 1_000 */
  readonly cookiesPerSecond?: number | undefined;
  /** Clock for silence, cookies and the grace period of a close. @default the system clock */
  readonly clock?: Clock | undefined;
}

/** A transport whose listener also counts dropped datagrams. */
export interface UdpTransport extends Transport {
  listen(): Promise<UdpListener>;
}

const udpRules = {
  port: count,
  host: text,
  maxDatagramBytes: count,
  maxQueuedBytes: count,
  idleMs: duration,
  maxConnections: count,
  maxConnectionsPerAddress: count,
  cookiesPerSecond: positive,
  clock,
} as const;

/**
 * CLASP over UDP: one frame per datagram, without guaranteed delivery. A client sends HELLO twice, the second time with
 * the cookie from the answer to the first. `docs/reference/udp.md` documents the bytes. Closing the listener ends its
 * connections.
 *
 * @throws ArgumentError if an option is unknown or of the wrong type
 */
export function udp(options: UdpOptions = {}): UdpTransport {
  checkOptions<UdpOptions>('udp', options, udpRules);
  return {
    name: 'udp',
    isInsecure: true,
    listen: () =>
      UdpListener.open({
        port: options.port ?? defaults.port,
        host: options.host ?? defaults.host,
        maxDatagramBytes: options.maxDatagramBytes ?? defaults.maxDatagramBytes,
        maxQueuedBytes: options.maxQueuedBytes ?? defaults.maxQueuedBytes,
        idleMs: options.idleMs ?? defaults.idleMs,
        maxConnections: options.maxConnections ?? defaults.maxConnections,
        maxConnectionsPerAddress: options.maxConnectionsPerAddress ?? defaults.maxConnectionsPerAddress,
        cookiesPerSecond: options.cookiesPerSecond ?? defaults.cookiesPerSecond,
        clock: options.clock ?? systemClock,
      }),
  };
}
