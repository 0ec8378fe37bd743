import { type Clock, systemClock } from '../../util/clock.js';
import { MAX_FRAME_BYTES } from '../../protocol/limits.js';
import { listenLimits } from '../../net/listen-limits.js';
import {
  checkOptions,
  clock as clockRule,
  count,
  duration,
  fileMode,
  listenLimitRules,
  positive,
  text,
  tls as tlsRule,
} from '../../net/option-rules.js';
import type { TlsSource } from '../../net/tls.js';
import type { Transport } from '../transport.js';
import { DEFAULT_PING_INTERVAL_MS, DEFAULT_PIPE_MODE, DEFAULT_STALL_MS } from './constants.js';
import { TcpListener } from './listener.js';
import { PipeServer } from '../pipe/pipe-server.js';
import { TcpServer } from './tcp-server.js';

export interface TcpOptions {
  /**
   * TCP port. 0 selects any free port; see `Listener.addresses`. There is no default, because CLASP defines no port for
   * TCP. Its examples use 7340, the port of its rendezvous server, and no client tries a TCP port without
   * configuration.
   */
  readonly port: number;
  /** Local address to listen on. @default '0.0.0.0', all IPv4 addresses */
  readonly host?: string | undefined;
  /** Maximum bytes per frame, 4 to 65,547. A larger length ends the connection. @default 65_547 */
  readonly maxFrameBytes?: number | undefined;
  /** Certificate for encryption with TLS 1.2 or later. @default no encryption */
  readonly tls?: TlsSource | undefined;
  /**
   * Milliseconds from the first read of a connection to the end of its TLS handshake. A slower connection is closed. If
   * a connection must first wait for a limit, it waits at most as long. @default 10_000
   */
  readonly handshakeMs?: number | undefined;
  /**
   * Maximum connections whose TLS handshake started at least one second ago. Further connections wait (`maxWaiting`). 0
   * is unlimited. Connections from this computer do not count, here and for the next five options. @default 512
   */
  readonly maxHalfOpen?: number | undefined;
  /** Like `maxHalfOpen`, per address; for IPv6, per 64-bit network. @default 64 */
  readonly maxHalfOpenPerAddress?: number | undefined;
  /**
   * New connections per second and address, with the same burst. Further connections wait. 0 is unlimited. @default 200
   */
  readonly connectsPerSecond?: number | undefined;
  /** Like `connectsPerSecond`, for all addresses together. 0 is unlimited. @default 2_000 */
  readonly maxConnectsPerSecond?: number | undefined;
  /**
   * Maximum connections that wait unread for one of these limits. Beyond it, connections of the address with the most
   * are closed. 0: none waits, and connections above a limit are closed immediately. @default 2_048
   */
  readonly maxWaiting?: number | undefined;
  /** Like `maxWaiting`, per address. 0: same as `maxWaiting`. @default 1_024 */
  readonly maxWaitingPerAddress?: number | undefined;
  /**
   * Milliseconds of silence after which a peer is sent a CLASP PING. A peer that has answered a PING before is lost
   * after three times this silence. A peer that never answers can be an old client and is kept. 0 disables PINGs.
   * @default 30_000
   */
  readonly pingIntervalMs?: number | undefined;
  /**
   * Milliseconds in which a peer reads nothing of its queued bytes, after which it is lost. 0 disables the limit.
   * @default 60_000
   */
  readonly stallMs?: number | undefined;
  /** Clock for TLS handshakes, connection rates and the grace period of a close. @default the system clock */
  readonly clock?: Clock | undefined;
}

const tcpRules = {
  port: count,
  host: text,
  maxFrameBytes: positive,
  tls: tlsRule,
  ...listenLimitRules,
  pingIntervalMs: duration,
  stallMs: duration,
  clock: clockRule,
} as const;

/**
 * CLASP over TCP or TLS, the transport of small devices: frames with a u32 length prefix. Close reasons are not
 * transmitted, because the framing has no field for them.
 *
 * @throws ArgumentError if an option is missing, unknown or of the wrong type
 */
export function tcp(options: TcpOptions): Transport {
  checkOptions<TcpOptions>('tcp', options, tcpRules, ['port']);
  const { port, host = '0.0.0.0', maxFrameBytes = MAX_FRAME_BYTES, tls } = options;
  const { pingIntervalMs = DEFAULT_PING_INTERVAL_MS, stallMs = DEFAULT_STALL_MS, clock = systemClock } = options;
  const server = { port, host, tls, clock, ...listenLimits(options) };
  return {
    name: 'tcp',
    listen: () => TcpListener.open(new TcpServer(server), { maxFrameBytes, pingIntervalMs, stallMs, clock }),
  };
}

export interface PipeOptions {
  /**
   * Path of the socket file, at most 107 bytes (103 on macOS). The file of a killed router is replaced. On Windows the
   * name of a pipe: `\\.\pipe\clasp`.
   */
  readonly path: string;
  /**
   * Permissions of the file. Users who can write to it can connect. The permissions of its folder apply too, and are
   * the safer protection on a shared computer. Ignored on Windows. @default 0o600, its owner
   */
  readonly mode?: number | undefined;
  /** Maximum bytes per frame, 4 to 65,547. A larger length ends the connection. @default 65_547 */
  readonly maxFrameBytes?: number | undefined;
  /** Clock for the grace period of a close. @default the system clock */
  readonly clock?: Clock | undefined;
}

const pipeRules = { path: text, mode: fileMode, maxFrameBytes: positive, clock: clockRule } as const;

/**
 * CLASP for programs on this computer, over a Unix domain socket or a Windows named pipe, with the framing of TCP.
 *
 * @throws ArgumentError if an option is missing, unknown or of the wrong type
 */
export function pipe(options: PipeOptions): Transport {
  checkOptions<PipeOptions>('pipe', options, pipeRules, ['path']);
  const { path, mode = DEFAULT_PIPE_MODE, maxFrameBytes = MAX_FRAME_BYTES, clock = systemClock } = options;
  return {
    name: 'pipe',
    listen: () => TcpListener.open(new PipeServer({ path, mode }), { maxFrameBytes, clock }),
  };
}
