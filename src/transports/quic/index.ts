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
  QuicLimits,
  QuicLink,
  QuicLinkDatagrams,
  QuicListenOptions,
  QuicProvider,
  QuicServer,
  QuicSession,
  QuicSessionHandlers,
  QuicStream,
  QuicTraffic,
} from './provider.js';

export interface QuicOptions {
  /** QUIC has no connections without a certificate. Renewed ones are used from the next `listen` on. */
  readonly tls: TlsSource;
  /** Of UDP. 0 takes any free port; `Listener.addresses` tells which. @default 7331 */
  readonly port?: number | undefined;
  /** Address of this computer to listen on; '::' is all of IPv6 and IPv4. @default '0.0.0.0', all of IPv4 */
  readonly host?: string | undefined;
  /** Milliseconds from the handshake to the first bytes of the stream; who is slower is closed. @default 10_000 */
  readonly handshakeMs?: number | undefined;
  /**
   * Milliseconds without a packet of the peer after which it is lost; a peer that asks for less gets less.
   * @default 30_000
   */
  readonly maxIdleTimeoutMs?: number | undefined;
  /** Milliseconds between pings, which keep idle peers; 0 sends none. @default 10_000 */
  readonly pingIntervalMs?: number | undefined;
  /** Milliseconds a peer that answers pings may take nothing of what waits for it; then it is closed. @default 3_000 */
  readonly stallMs?: number | undefined;
  /** Peers at once, those in the handshake included; who comes then gets no answer. @default 10_000 */
  readonly maxConnections?: number | undefined;
  /**
   * Whether stream samples and moves of gestures may go by QUIC datagrams, which a lost packet holds up nobody for: to and from
   * those clients that ask for it, see `docs/quic.md`. @default false
   */
  readonly datagrams?: boolean | undefined;
  /** The QUIC library. @default `@currentspace/http3`, if it is installed */
  readonly provider?: QuicProvider | undefined;
  /** Times the wait for the stream, pings, stalls and the grace of a close. @default the system's */
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
 * CLASP over QUIC: ALPN `clasp/2`, one bidirectional stream that the client opens, frames back to back on it
 * (router.md 19.3).
 *
 * @throws ArgumentError for an option that is missing, unknown or of the wrong type
 */
export function quic(options: QuicOptions): Transport {
  checkOptions<QuicOptions>('quic', options, quicRules, ['tls']);
  const { tls, clock = systemClock, provider = http3Provider() } = options;
  let renewed: TlsCredentials | undefined;
  // For as long as the transport is: a door that broke is opened again with what is current then.
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
