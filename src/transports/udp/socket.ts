import { createSocket, type Socket } from 'node:dgram';
import { lookup as resolve } from 'node:dns';
import { isIP } from 'node:net';
import { addressesOf, type HostAddress, listenOnFirst } from '../../net/host-addresses.js';
import { listenError } from '../../net/listen-error.js';

/**
 * A bound UDP socket. On `::` it serves IPv4 too, whose addresses then look like `::ffff:192.0.2.7`. A host name stands for the
 * first of its addresses that this computer has, IPv4 first.
 *
 * @throws TransportError
 */
export async function bindSocket(host: string, port: number): Promise<Socket> {
  // Node would bind a port modulo 65,536 without a word.
  if (port > 65_535) throw listenError({ code: 'ERR_SOCKET_BAD_PORT' }, host, port, '--udp-port');
  try {
    const addresses = [...(await addressesOf(host))].sort((a, b) => a.family - b.family);
    return await listenOnFirst(addresses, (address) => bindTo(address, port));
  } catch (error) {
    throw listenError(error, host, port, '--udp-port');
  }
}

async function bindTo({ address, family }: HostAddress, port: number): Promise<Socket> {
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', ipv6Only: false, lookup });
  try {
    await new Promise<void>((bound, reject) => {
      socket.once('error', reject);
      // Exclusive: workers of a cluster that shared the socket would each see a part of every session.
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
 * Node looks every destination up, and for an address that is one already calls back only in the next tick. Called back here
 * and now, `send` has handed the datagram to the system when it returns.
 */
const lookUp: LookUp = (host, family, callback) => {
  const version = isIP(host);
  if (version === 0) resolve(host, family, callback);
  else callback(null, host, version);
};

// Node's types give the options of net.Socket's lookup; dgram calls it with the family in their place.
const lookup = lookUp as unknown as NonNullable<Parameters<typeof createSocket>[0] & object>['lookup'];

/**
 * What a socket reports as its own error although only the network is at fault, and goes on. An unreachable peer shows on some
 * systems when one receives next (Windows says ECONNRESET, ENETRESET), and so does a datagram too large for the buffer; the
 * rest is an interface that is down, or memory that is short for a moment.
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
