import type { ListenOptions, Server, Socket } from 'node:net';
import type { RejectedSource } from './rejected-connections.js';
import type { ListenAddress } from './listen-address.js';
import type { RejectedConnection } from './rejected-connections.js';

/** A server that listens on a local address and converts accepted sockets to peers. */
export interface StreamServer {
  /** @throws TransportError if it cannot listen on the address */
  open(events: StreamServerEvents): Promise<ListenAddress>;
  /** Stops listening immediately. Accepted peers stay connected. Connections that are not accepted yet are closed. */
  close(): void;
}

export interface StreamServerEvents {
  /** Called for each accepted peer. */
  readonly accepted: (peer: Peer) => void;
  /** Called for each rejected connection. */
  readonly rejected: (kind: RejectedConnection['kind'], source: RejectedSource, text: string) => void;
  /** Called if the server stops listening without a call of `close`. */
  readonly failed: (error: Error) => void;
}

/** A socket that is ready for frames. */
export interface Peer {
  readonly transport: 'tcp' | 'pipe';
  readonly socket: Socket;
  readonly remoteAddress: string;
  /** Destroys the socket immediately. If the system can, the other side receives a reset instead of an end. */
  cut(): void;
}

/**
 * Resolves when the server listens. Later errors are reported to `failed`. Rejects with the error of the system; the
 * caller can try again.
 */
export async function listening(
  server: Server,
  options: ListenOptions,
  { failed, rejected }: Pick<StreamServerEvents, 'failed' | 'rejected'>,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const cannotListen = (error: Error): void => {
      server.removeListener('listening', opened);
      reject(error);
    };
    const opened = (): void => {
      server.removeListener('error', cannotListen);
      server.on('error', (error) => {
        if (!server.listening) failed(error);
        // One accept failed. The server still listens, and the source is unknown.
        else rejected('refused', {}, `the system did not accept the connection: ${error.message}`);
      });
      resolve();
    };
    server.once('error', cannotListen);
    server.once('listening', opened);
    server.listen(options);
  });
}
