import { createSocket } from 'node:dgram';
import { createSecureContext } from 'node:tls';
import type { TlsCredentials } from '../../net/tls.js';
import { addressesOf, type HostAddress, listenOnFirst } from '../../net/host-addresses.js';
import { TransportError } from '../../net/transport-error.js';

/**
 * Returns the first IP address of a host name on which this computer can listen at the port.
 *
 * @throws the error of the system, with its `code`: ENOTFOUND, EADDRINUSE, EADDRNOTAVAIL, EACCES, ERR_SOCKET_BAD_PORT
 */
export async function usableAddress(host: string, port: number): Promise<string> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new BadPort(); // dgram takes it modulo 65,536
  return listenOnFirst(await addressesOf(host), (address) => probe(address, port));
}

async function probe({ address, family }: HostAddress, port: number): Promise<string> {
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port, exclusive: true }, resolve);
    });
  } finally {
    await new Promise<void>((resolve) => {
      socket.close(resolve);
    });
  }
  return address;
}

/** Same code as `node:net`, which checks its ports. */
class BadPort extends RangeError {
  readonly code = 'ERR_SOCKET_BAD_PORT';
}

/** @throws TransportError unless both are PEM and the key matches the certificate */
export function usableCredentials({ key, cert }: TlsCredentials): void {
  try {
    createSecureContext({ key, cert });
  } catch (error) {
    throw new TransportError(whyUnusable(error), { cause: error });
  }
}

function whyUnusable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException; // invariant: Node.js throws no other type here
  return code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
    ? 'the certificate for QUIC does not belong to the private key; provide a matching pair'
    : `the certificate for QUIC or its private key cannot be read (${message}); provide both as PEM, the key without a passphrase`;
}
