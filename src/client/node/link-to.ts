import { checkFunction, checkNames, checkText } from '../../util/arguments.js';
import { ClientError } from '../client-error.js';
import type { Link } from '../link.js';
import type { Destination, LinkOptions } from './link-options.js';
import { quicLink } from './quic-link.js';
import { pipeLink, tcpLink, tlsLink } from './stream-link.js';
import { udpLink } from './udp-link.js';
import { nodeWebSocketLink } from './ws-link.js';

/** Default ports. TCP and TLS have none. */
const UDP_PORT = 7330;
const QUIC_PORT = 7331;

const OPTIONS = Object.keys({
  ca: true,
  servername: true,
  WebSocket: true,
  lookup: true,
  connectTimeoutMs: true,
  datagrams: true,
  quicProvider: true,
  clock: true,
} satisfies Record<keyof LinkOptions, true>);

/**
 * Creates the link for a URL. The router reports its listeners in the same form:
 *
 *   ws://host:port  wss://host:port     WebSocket
 *   tcp://host:port  tls://host:port    TCP, each frame after its length
 *   unix:/path/to/socket                like TCP, over a Unix domain socket; `unix:\\.\pipe\name` on Windows
 *   udp://host:port                     one frame per datagram, port 7330; lost datagrams are not sent again
 *   quic://host:port                    one stream over QUIC, port 7331
 *
 * JSON requires a WebSocket.
 *
 * @throws ClientError `unreachable` for any other URL; ArgumentError for an unknown option
 */
export function linkTo(url: string, options: LinkOptions = {}): Link {
  checkNames('linkTo', options, OPTIONS);
  return linkFor(url, options);
}

/** The same without a check of the names of options: those of `connect` include more. */
export function linkFor(url: string, options: LinkOptions): Link {
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
        `"${url}" is not the URL of a router; it must start with ws:, wss:, tcp:, tls:, unix:, udp: or quic:`,
      );
  }
}

function destination(url: string, defaultPort?: number): Destination {
  const { hostname, port } = parse(url);
  const number = port === '' ? defaultPort : Number(port);
  if (hostname === '' || number === undefined || number === 0) {
    const whole = defaultPort === undefined ? 'host:port' : 'host or host:port';
    throw new ClientError('unreachable', `"${url}" is incomplete; write ${whole} after the //`);
  }
  return { host: hostname.replace(/^\[|\]$/g, ''), port: number };
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new ClientError('unreachable', `"${url}" is not a valid URL`, cause);
  }
}
