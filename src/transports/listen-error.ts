import { TransportError } from './transport.js';

/** Turns what the system says about a door that did not open into one plain sentence: what is wrong and what to do. */
export function listenError(error: unknown, host: string, port: number): TransportError {
  return new TransportError(sentence(error, host, port), { cause: error });
}

function sentence(error: unknown, host: string, port: number): string {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return `port ${port} is already in use; stop the other program or choose another port with --port`;
    case 'EACCES':
      return `port ${port} needs rights this user does not have; choose a port above 1023 with --port`;
    case 'EADDRNOTAVAIL':
      return `the address ${host} does not belong to this computer; choose another with --host`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${host} cannot be resolved; choose an address of this computer with --host`;
    case 'ERR_SOCKET_BAD_PORT':
      return `there is no port ${port}; choose one from 1 to 65535, or 0 for any free one, with --port`;
    default:
      return `cannot listen on ${host} port ${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function errorCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
