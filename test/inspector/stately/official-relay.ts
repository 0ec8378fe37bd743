import { jest } from '@jest/globals';
import { type AddressInfo, Server, type Socket } from 'node:net';
import { createInspectorServer } from '@statelyai/inspect/server';

export interface OfficialRelay {
  readonly url: string;
  stop(): void;
}

/** The relay of `@statelyai/inspect`, restricted to a free loopback port. By default it listens on every interface. */
export async function officialRelay(): Promise<OfficialRelay> {
  const sockets: Socket[] = [];
  const listen = jest.spyOn(Server.prototype, 'listen');
  const { server, relay } = await new Promise<{ server: Server; relay: { stop(): void } }>((resolve) => {
    listen.mockImplementationOnce(function (this: Server) {
      this.on('connection', (socket) => sockets.push(socket));
      return this.listen({ host: '127.0.0.1', port: 0 }, () => {
        resolve({ server: this, relay });
      });
    });
    const relay = createInspectorServer({ port: 0, autoOpen: false });
  });
  listen.mockRestore();
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `ws://127.0.0.1:${port}`,
    stop() {
      relay.stop();
      for (const socket of sockets) socket.destroy();
    },
  };
}
