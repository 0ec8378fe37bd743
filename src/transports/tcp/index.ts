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
   * 0 takes any free port; `Listener.addresses` tells which. There is no default, because CLASP names no port for TCP: what
   * its examples use, 7340, is that of its rendezvous server, and no client looks anywhere unless it is told.
   */
  readonly port: number;
  /** Address of this computer to listen on. @default '0.0.0.0', all of IPv4 */
  readonly host?: string | undefined;
  /** Bytes of the largest frame taken, 4 to 65,547; a count above it ends the connection. @default 65_547 */
  readonly maxFrameBytes?: number | undefined;
  /** Encrypts, TLS 1.2 or later, with this certificate. @default no encryption */
  readonly tls?: TlsSource | undefined;
  /**
   * Milliseconds from the first look at a connection to the end of its TLS handshake; a slower one is closed. A connection that has
   * to wait for a limit before that waits for as long at most. @default 10_000
   */
  readonly handshakeMs?: number | undefined;
  /**
   * Connections in a TLS handshake that began a second ago or more; new ones wait (`maxWaiting`). 0 is unlimited. Connections of
   * this computer do not count, here and in the next five. @default 512
   */
  readonly maxHalfOpen?: number | undefined;
  /** The same for one address; for IPv6, one network of 64 bits. @default 64 */
  readonly maxHalfOpenPerAddress?: number | undefined;
  /** Connects of one address per second, and at once after a rest; further ones wait. 0 is unlimited. @default 200 */
  readonly connectsPerSecond?: number | undefined;
  /** The same for all addresses together. 0 is unlimited. @default 2_000 */
  readonly maxConnectsPerSecond?: number | undefined;
  /**
   * Connections that wait for one of these limits, unread; further ones are closed, and of the address with the most. 0: none
   * waits, and what is above a limit is closed at once. @default 2_048
   */
  readonly maxWaiting?: number | undefined;
  /** The same for one address. 0: as many as `maxWaiting`. @default 1_024 */
  readonly maxWaitingPerAddress?: number | undefined;
  /**
   * Milliseconds of silence after which a peer is sent a CLASP PING. A peer that has answered one before and is silent for three
   * times as long is lost; one that never answers a PING may be an old client and is not. 0 sends none. @default 30_000
   */
  readonly pingIntervalMs?: number | undefined;
  /** Milliseconds in which a peer takes nothing of what waits for it, after which it is lost. 0 is never. @default 60_000 */
  readonly stallMs?: number | undefined;
  /** Times TLS handshakes, rates of connects and the grace of a close. @default the system's */
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
 * CLASP over TCP or TLS, the transport of small devices: frames with a u32 count in front. Reasons of a close are not told,
 * for the framing has no word for them.
 *
 * @throws ArgumentError for an option that is missing, unknown or of the wrong type
 */
export function tcp(options: TcpOptions): Transport {
  checkOptions<TcpOptions>('tcp', options, tcpRules, ['port']);
  const { port, host = '0.0.0.0', maxFrameBytes = MAX_FRAME_BYTES, tls } = options;
  const { pingIntervalMs = DEFAULT_PING_INTERVAL_MS, stallMs = DEFAULT_STALL_MS, clock = systemClock } = options;
  const door = { port, host, tls, clock, ...listenLimits(options) };
  return {
    name: 'tcp',
    listen: () => TcpListener.open(new TcpServer(door), { maxFrameBytes, pingIntervalMs, stallMs, clock }),
  };
}

export interface PipeOptions {
  /**
   * The socket's file, at most 107 bytes long (103 on macOS); one that a killed router left behind is replaced. On Windows
   * the name of a pipe: `\\.\pipe\clasp`.
   */
  readonly path: string;
  /**
   * Permissions of the file: who may write to it may connect. The folder's own count as well, and are the safer guard on a
   * computer shared with others. No meaning on Windows. @default 0o600, its owner
   */
  readonly mode?: number | undefined;
  /** Bytes of the largest frame taken, 4 to 65,547; a count above it ends the connection. @default 65_547 */
  readonly maxFrameBytes?: number | undefined;
  /** Times the grace of a close. @default the system's */
  readonly clock?: Clock | undefined;
}

const pipeRules = { path: text, mode: fileMode, maxFrameBytes: positive, clock: clockRule } as const;

/**
 * CLASP for programs on this computer, over a Unix domain socket or a Windows named pipe, framed as over TCP.
 *
 * @throws ArgumentError for an option that is missing, unknown or of the wrong type
 */
export function pipe(options: PipeOptions): Transport {
  checkOptions<PipeOptions>('pipe', options, pipeRules, ['path']);
  const { path, mode = DEFAULT_PIPE_MODE, maxFrameBytes = MAX_FRAME_BYTES, clock = systemClock } = options;
  return {
    name: 'pipe',
    listen: () => TcpListener.open(new PipeServer({ path, mode }), { maxFrameBytes, clock }),
  };
}
