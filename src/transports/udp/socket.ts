import { createSocket, type Socket } from 'node:dgram';
import { lookup as resolve } from 'node:dns';
import { isIP } from 'node:net';
import { addressesOf, type HostAddress, listenOnFirst } from '../../net/host-addresses.js';
import { listenError } from '../../net/listen-error.js';

/**
 * Binds a UDP socket. On `::` it also serves IPv4, with addresses such as `::ffff:192.0.2.7`. A host name resolves to
 * the first of its addresses that this computer has, IPv4 first.
 *
 * @throws TransportError
 */
export async function bindSocket(host: string, port: number): Promise<Socket> {
  // Node.js would silently bind the port modulo 65,536.
  if (port > 65_535) throw listenError({ code: 'ERR_SOCKET_BAD_PORT' }, host, port);
  try {
    const addresses = [...(await addressesOf(host))].sort((a, b) => a.family - b.family);
    return await listenOnFirst(addresses, (address) => bindTo(address, port));
  } catch (error) {
    throw listenError(error, host, port);
  }
}

async function bindTo({ address, family }: HostAddress, port: number): Promise<Socket> {
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', ipv6Only: false, lookup });
  try {
    await new Promise<void>((bound, reject) => {
      socket.once('error', reject);
      // Exclusive: if workers of a cluster shared the socket, each would receive a part of every session.
      socket.bind({ port, address, exclusive: true }, () => {
        socket.removeListener('error', reject);
        bound();
      });
    });
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}

type LookUp = (
  host: string,
  family: number,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
) => void;

/**
 * Node.js resolves every destination, and for an IP address calls back only in the next tick. With this immediate
 * callback, `send` has passed the datagram to the system when it returns.
 */
const lookUp: LookUp = (host, family, callback) => {
  const version = isIP(host);
  if (version === 0) resolve(host, family, callback);
  else callback(null, host, version);
};

// The types of Node.js expect the lookup options of net.Socket; dgram passes the family in their place.
const lookup = lookUp as unknown as NonNullable<Parameters<typeof createSocket>[0] & object>['lookup'];

/**
 * Errors that a socket reports as its own although only the network failed. The socket continues to work. On some
 * systems an unreachable peer causes an error at the next receive (Windows: ECONNRESET, ENETRESET), and so does a
 * datagram that exceeds the buffer. The others mean an interface that is down, or a temporary shortage of memory.
 */
export const networkFaults: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EMSGSIZE',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOBUFS',
  'ENOMEM',
]);
