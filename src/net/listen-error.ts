import { TransportError } from './transport-error.js';

/** Converts a system error of `listen` to one plain sentence that states the problem and the option that fixes it. */
export function listenError(error: unknown, host: string, port: number): TransportError {
  return new TransportError(sentence(error, host, port), { cause: error });
}

/** Like {@link listenError}, for a key and certificate that TLS rejects. */
export function tlsCredentialsError(error: unknown): TransportError {
  const reason = error instanceof Error ? error.message : String(error);
  return new TransportError(
    errorCode(error) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
      ? 'the private key does not belong to the certificate; provide a matching pair'
      : `TLS rejects this certificate or its private key (${reason}); provide both as PEM, the key without a passphrase`,
    { cause: error },
  );
}

function sentence(error: unknown, host: string, port: number): string {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return `port ${port} is already in use; stop the other program or choose another with the option port`;
    case 'EACCES':
      return `port ${port} needs privileges that this user does not have; choose one above 1023 with the option port`;
    case 'EADDRNOTAVAIL':
      return `the address ${host} does not belong to this computer; choose another with the option host`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${host} cannot be resolved; choose an address of this computer with the option host`;
    case 'ERR_SOCKET_BAD_PORT':
      return `port ${port} is invalid; choose one from 1 to 65535, or 0 for any free port, with the option port`;
    default:
      return `cannot listen on ${host} port ${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Returns the code of an error of Node.js or the system: `EADDRINUSE`. */
export function errorCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
