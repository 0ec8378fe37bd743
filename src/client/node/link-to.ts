import { checkFunction, checkText } from '../../util/arguments.js';
import { ClientError } from '../client-error.js';
import type { Link } from '../link.js';
import type { Destination, LinkOptions } from './link-options.js';
import { quicLink } from './quic-link.js';
import { pipeLink, tcpLink, tlsLink } from './stream-link.js';
import { udpLink } from './udp-link.js';
import { nodeWebSocketLink } from './ws-link.js';

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
