import type { Logger } from '../core/ports.js';
import { type OpenCertificate, openCertificate } from '../certificates/index.js';
import { quic } from '../transports/quic/index.js';
import { pipe, tcp } from '../transports/tcp/index.js';
import type { Transport } from '../transports/transport.js';
import { udp } from '../transports/udp/index.js';
import { webSocket } from '../transports/websocket/index.js';
import { describeFlag } from './flag-names.js';
import type { Settings } from './settings.js';
import { UsageError } from './usage-error.js';

/** The configured transports, before they listen. */
export interface Listeners {
  readonly transports: readonly Transport[];
  /** The certificate of TLS and QUIC; undefined without both. */
  readonly certificate: OpenCertificate | undefined;
}

/** @throws UsageError, TransportError */
export async function prepareListeners(settings: Settings, logger: Logger): Promise<Listeners> {
  const { host, port, websocket, tcpPort, udpPort, quicPort, pipePath, allowHosts, trustedProxies } = settings;
  for (const [flag, values] of [
    ['--trust-proxy', trustedProxies],
    ['--allow-host', allowHosts],
  ] as const) {
    if (values.length === 0 || websocket || settings.healthPort !== undefined) continue;
    throw new UsageError(`${flag} needs the WebSocket port; leave out --no-websocket`);
  }
  const certificate = await certificateFor(settings, logger);
  const allowedOrigins = ['same-host', ...settings.allowedOrigins];
  const rules = { allowedOrigins, allowHosts, trustedProxies, describeOption: describeFlag };
  const tls = settings.tls ? certificate?.source : undefined;
  const transports = [
    ...(websocket ? [webSocket({ port, host, tls, ...rules })] : []),
    ...(tcpPort === undefined ? [] : [tcp({ port: tcpPort, host, tls })]),
    ...(udpPort === undefined ? [] : [udp({ port: udpPort, host })]),
    ...(quicPort === undefined || certificate === undefined
      ? []
      : [quic({ port: quicPort, host, tls: certificate.source, datagrams: settings.quicDatagrams })]),
    ...(pipePath === undefined ? [] : [pipe({ path: pipePath })]),
  ];
  if (transports.length === 0) throw new UsageError('with --no-websocket the router needs another port, or a --pipe');
  return { transports, certificate };
}

async function certificateFor(settings: Settings, logger: Logger): Promise<OpenCertificate | undefined> {
  const { tls, quicPort, certPath, keyPath, dataDir } = settings;
  return tls || quicPort !== undefined ? openCertificate({ certPath, keyPath, dataDir, logger }) : undefined;
}
