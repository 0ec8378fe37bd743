import { type Clock, systemClock } from '../../util/clock.js';
import { hasMethods, check } from '../../util/arguments.js';
import {
  checkOptions,
  clock as clockRule,
  count,
  duration,
  flag,
  type OptionRule,
  text,
  tls as tlsRule,
} from '../../net/option-rules.js';
import type { TlsCredentials, TlsSource } from '../../net/tls.js';
import type { Transport } from '../transport.js';
import { DEFAULT_QUIC_PORT, STREAM_WINDOW_BYTES } from './constants.js';
import { http3Provider } from './http3-provider.js';
import { QuicListener } from './listener.js';
import type { QuicProvider } from './provider.js';

export { ALPN, quicCloseCodes } from './constants.js';
export { http3Provider } from './http3-provider.js';
export type {
  QuicConnectOptions,
  QuicEnd,
  QuicHandshakeFailure,
  QuicLink,
  QuicLinkDatagrams,
  QuicListenOptions,
  QuicProvider,
  QuicServer,
  QuicSession,
  QuicSessionHandlers,
  QuicTraffic,
} from './provider.js';

export interface QuicOptions {
  /** Certificate. QUIC requires one. Renewed certificates are used from the next `listen` on. */
  readonly tls: TlsSource;
  /** UDP port. 0 selects any free port; see `Listener.addresses`. @default 7331 */
  readonly port?: number | undefined;
  /** Local address to listen on. '::' listens on all IPv6 and IPv4 addresses. @default '0.0.0.0', all IPv4 addresses */
  readonly host?: string | undefined;
  /** Milliseconds from the handshake to the first bytes of the stream. A slower peer is closed. @default 10_000 */
  readonly handshakeMs?: number | undefined;
  /**
   * Milliseconds without a packet of the peer after which it is lost. A peer can request a shorter time.
   * @default 30_000
   */
  readonly maxIdleTimeoutMs?: number | undefined;
  /** Milliseconds between pings, which keep idle connections open. 0 disables pings. @default 10_000 */
  readonly pingIntervalMs?: number | undefined;
  /**
   * Maximum milliseconds in which a peer answers pings but reads nothing of its queued bytes. Then it is closed.
   * @default 3_000
   */
  readonly stallMs?: number | undefined;
  /** Maximum concurrent peers, including handshakes. Further peers get no answer. @default 10_000 */
  readonly maxConnections?: number | undefined;
  /**
   * Whether stream samples and gesture moves can use QUIC datagrams, where a lost packet does not delay later ones.
   * Applies in both directions to clients that request it; see `docs/reference/quic.md`. @default false
   */
  readonly datagrams?: boolean | undefined;
  /** QUIC library. @default `@currentspace/http3`, if installed */
  readonly provider?: QuicProvider | undefined;
  /** Clock for the wait for the stream, pings, stalls and the grace period of a close. @default the system clock */
  readonly clock?: Clock | undefined;
}

const providerRule: OptionRule = (name, value) => {
  check(hasMethods(value, ['listen', 'connect']), name, 'have the methods listen and connect', value);
};

const quicRules = {
  tls: tlsRule,
  port: count,
  host: text,
  handshakeMs: duration,
  maxIdleTimeoutMs: duration,
  pingIntervalMs: duration,
  stallMs: duration,
  maxConnections: count,
  datagrams: flag,
  provider: providerRule,
  clock: clockRule,
} as const;

/**
 * CLASP over QUIC: ALPN `clasp/2`, one bidirectional stream that the client opens, with adjacent frames (router.md
 * 19.3).
 *
 * @throws ArgumentError if an option is missing, unknown or of the wrong type
 */
export function quic(options: QuicOptions): Transport {
  checkOptions<QuicOptions>('quic', options, quicRules, ['tls']);
  const { tls, clock = systemClock, provider = http3Provider() } = options;
  let renewed: TlsCredentials | undefined;
  // Subscribed for the lifetime of the transport: a failed listener is opened again with the current certificate.
  tls.renewed$.subscribe({ next: (credentials) => (renewed = credentials), error: () => undefined });
  return {
    name: 'quic',
    listen: () =>
      QuicListener.open({
        port: options.port ?? DEFAULT_QUIC_PORT,
        host: options.host ?? '0.0.0.0',
        credentials: renewed ?? tls.credentials,
        handshakeMs: options.handshakeMs ?? 10_000,
        stallMs: options.stallMs ?? 3_000,
        pingIntervalMs: options.pingIntervalMs ?? 10_000,
        datagrams: options.datagrams ?? false,
        limits: {
          maxConnections: options.maxConnections ?? 10_000,
          maxIdleTimeoutMs: options.maxIdleTimeoutMs ?? 30_000,
          streamWindowBytes: STREAM_WINDOW_BYTES,
        },
        provider,
        clock,
      }),
  };
}
