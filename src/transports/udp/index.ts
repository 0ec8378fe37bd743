import { type Clock, systemClock } from '../../util/clock.js';
import { checkOptions, clock, count, duration, positive, text } from '../../net/option-rules.js';
import type { Transport } from '../transport.js';
import { defaults } from './constants.js';
import { UdpListener } from './listener.js';

export type { UdpConnection } from './connection.js';
export type { UdpCounts, UdpListener } from './listener.js';

export interface UdpOptions {
  /** 0 takes any free port; `Listener.addresses` tells which. @default 7330 */
  readonly port?: number | undefined;
  /** Address of this computer to listen on; `::` is all of IPv6 and IPv4. @default '0.0.0.0', all of IPv4 */
  readonly host?: string | undefined;
  /** Bytes of the largest datagram sent, 512 to 65,507; larger ones than 1,400 may go in pieces or not at all. @default 1_400 */
  readonly maxDatagramBytes?: number | undefined;
  /** Bytes that may wait for the network for each peer; what is over it is dropped. @default 2_097_152 */
  readonly maxQueuedBytes?: number | undefined;
  /** Milliseconds after which a peer that sends nothing is lost. @default 30_000 */
  readonly idleMs?: number | undefined;
  /** Peers at once; 0 is any number. @default 10_000 */
  readonly maxConnections?: number | undefined;
  /** Peers at once that share an IP address; 0 is any number. @default 64 */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** HELLOs without a good cookie that are answered in a second, of all sources together. At least 1. @default 1_000 */
  readonly cookiesPerSecond?: number | undefined;
  /** Times silence, cookies and the grace of a close. @default the system's */
  readonly clock?: Clock | undefined;
}

/** A transport whose listener also counts what nobody sees. */
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
 * CLASP over UDP: one datagram one frame, no promise that it arrives. Who wants in says HELLO twice, the second time with the
 * cookie from the answer to the first; `docs/udp.md` has the bytes. Closing its listener ends its connections.
 *
 * @throws ArgumentError for an option that is unknown or of the wrong type
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
