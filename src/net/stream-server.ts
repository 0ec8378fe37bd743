import type { ListenOptions, Server, Socket } from 'node:net';
import type { RejectedSource } from './rejected-connections.js';
import type { ListenAddress } from './listen-address.js';
import type { RejectedConnection } from './rejected-connections.js';

/** What a listener opens: an address of this computer, and how those who connect to it become peers. */
export interface StreamServer {
  /** @throws TransportError when the address cannot be had */
  open(events: StreamServerEvents): Promise<ListenAddress>;
  /** Gives the address back at once. Peers that are in live on; those still at the door are sent away. */
  close(): void;
}

export interface StreamServerEvents {
  /** Somebody is in. */
  readonly accepted: (peer: Peer) => void;
  /** Somebody is not let in. */
  readonly rejected: (kind: RejectedConnection['kind'], source: RejectedSource, text: string) => void;
  /** Nobody will come in any more, and nobody asked for that. */
  readonly failed: (error: Error) => void;
}

/** A socket that is ready for frames. */
export interface Peer {
  readonly transport: 'tcp' | 'pipe';
  readonly socket: Socket;
  readonly remoteAddress: string;
  /** Takes the socket down at once and, where the system can, so that the other side sees a reset and no end. */
  cut(): void;
}

/** Resolves when the server listens; from then on its errors go to `failed`. Rejects with the error of the system; the caller can try again. */
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
        // An accept failed: the door is still open, and who stood there is not known.
        else rejected('refused', {}, `the system did not let it in: ${error.message}`);
      });
      resolve();
    };
    server.once('error', cannotListen);
    server.once('listening', opened);
    server.listen(options);
  });
}
