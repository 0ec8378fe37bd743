import { TransportError } from './transport-error.js';

/**
 * Turns what the system says about a door that did not open into one plain sentence: what is wrong and what to do.
 *
 * @param flag the option of the command that chooses the port
 */
export function listenError(error: unknown, host: string, port: number, flag = '--port'): TransportError {
  return new TransportError(sentence(error, host, port, flag), { cause: error });
}

/** The same for a key and certificate that TLS does not take. */
export function tlsCredentialsError(error: unknown): TransportError {
  const reason = error instanceof Error ? error.message : String(error);
  return new TransportError(
    errorCode(error) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
      ? 'the private key does not belong to the certificate; give the two that were made together'
      : `TLS does not take this certificate or its private key (${reason}); give both as PEM, the key without a passphrase`,
    { cause: error },
  );
}

function sentence(error: unknown, host: string, port: number, flag: string): string {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return `port ${port} is already in use; stop the other program or choose another port with ${flag}`;
    case 'EACCES':
      return `port ${port} needs rights this user does not have; choose a port above 1023 with ${flag}`;
    case 'EADDRNOTAVAIL':
      return `the address ${host} does not belong to this computer; choose another with --host`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${host} cannot be resolved; choose an address of this computer with --host`;
    case 'ERR_SOCKET_BAD_PORT':
      return `there is no port ${port}; choose one from 1 to 65535, or 0 for any free one, with ${flag}`;
    default:
      return `cannot listen on ${host} port ${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What Node and the system call an error: `EADDRINUSE`. */
export function errorCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
