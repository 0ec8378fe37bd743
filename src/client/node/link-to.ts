import type { LookupFunction } from 'node:net';
import { checkFunction, checkText } from '../../util/arguments.js';
import type { Clock } from '../../util/clock.js';
import type { QuicProvider } from '../../transports/quic/provider.js';
import { ClientError } from '../client-error.js';
import type { Link } from '../link.js';
import type { WebSocketConstructor } from '../websocket-link.js';
import { quicLink } from './quic-link.js';
import { pipeLink, tcpLink, tlsLink } from './stream-link.js';
import { udpLink } from './udp-link.js';
import { nodeWebSocketLink } from './ws-link.js';

export interface LinkOptions {
  /** PEM of the certificates to trust, for `wss:`, `tls:` and `quic:`: the router's own where that is self-signed. @default the system's */
  readonly ca?: string | undefined;
  /** The name that the router's certificate has, where it is not the one in the URL. QUIC takes no IP address here. */
  readonly servername?: string | undefined;
  /** For `ws:` and `wss:`, in place of the package `ws`. `ca` and `servername` are its own business then. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** Looks up the host name in the URL. All of its addresses are tried. @default `lookup` of `node:dns` */
  readonly lookup?: LookupFunction | undefined;
  /** Milliseconds until an attempt is given up; half of it is QUIC's own, for its handshake. @default 10_000 */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * For `quic:`: whether stream samples and moves of gestures may go by datagrams, and come by them, if the router has them
   * too. What is lost then is not sent again, and holds up nothing behind it. @default false
   */
  readonly datagrams?: boolean | undefined;
  /** For `quic:`. @default `@currentspace/http3`, if it is installed */
  readonly quicProvider?: QuicProvider | undefined;
  /** Times the question for datagrams and the close of UDP. @default the system's */
  readonly clock?: Clock | undefined;
}

/** Ports where a URL says none. TCP and TLS have no usual one. */
const UDP_PORT = 7330;
const QUIC_PORT = 7331;

/**
 * The link that a URL stands for, in the words in which the router says where it listens:
 *
 *   ws://host:port  wss://host:port     WebSocket
 *   tcp://host:port  tls://host:port    TCP, with a length in front of each frame
 *   unix:/path/to/socket                the same over a Unix domain socket; `unix:\\.\pipe\name` on Windows
 *   udp://host:port                     a frame a datagram, port 7330; nothing is sent twice, so what is lost is lost
 *   quic://host:port                    one stream over QUIC, port 7331
 *
 * JSON needs a WebSocket.
 *
 * @throws ClientError `unreachable` for anything else
 */
export function linkTo(url: string, options: LinkOptions = {}): Link {
  checkText('the URL of a router', url);
  if (options.lookup !== undefined) checkFunction('lookup', options.lookup);
  const scheme = url.slice(0, url.indexOf(':') + 1);
  switch (scheme) {
    case 'ws:':
    case 'wss:':
      return nodeWebSocketLink(url, options);
    case 'tcp:':
      return tcpLink(url, destination(url), options);
    case 'tls:':
      return tlsLink(url, destination(url), options);
    case 'unix:':
      return pipeLink(url, url.slice(scheme.length).replace(/^\/\/(?=\/)/, ''));
    case 'udp:':
      return udpLink(url, destination(url, UDP_PORT), options);
    case 'quic:':
      return quicLink(url, destination(url, QUIC_PORT), options);
    default:
      throw new ClientError(
        'unreachable',
        `"${url}" is no address of a router; one begins with ws:, wss:, tcp:, tls:, unix:, udp: or quic:`,
      );
  }
}

export interface Destination {
  readonly host: string;
  readonly port: number;
}

function destination(url: string, defaultPort?: number): Destination {
  const { hostname, port } = parse(url);
  const number = port === '' ? defaultPort : Number(port);
  if (hostname === '' || number === undefined || number === 0) {
    const whole = defaultPort === undefined ? 'host:port' : 'host or host:port';
    throw new ClientError('unreachable', `"${url}" does not say where; behind the // belongs ${whole}`);
  }
  return { host: hostname.replace(/^\[|\]$/g, ''), port: number };
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new ClientError('unreachable', `"${url}" is no URL`, cause);
  }
}
