import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { closeFrame } from '../../protocol/close-message.js';
import type { Channel, Link, LinkEvents } from '../link.js';
import { ByteStream } from './byte-stream.js';
import type { Destination, LinkOptions } from './link-options.js';

/** CLASP over TCP. */
export function tcpLink(url: string, { host, port }: Destination, { lookup }: LinkOptions = {}): Link {
  return socketLink(url, 'connect', () =>
    connectSocket({ host, port, noDelay: true, ...(lookup === undefined ? {} : { lookup }) }),
  );
}

/** CLASP over TLS and TCP. */
export function tlsLink(url: string, { host, port }: Destination, { ca, servername, lookup }: LinkOptions): Link {
  return socketLink(url, 'secureConnect', () => {
    const socket = connectTls({
      host,
      port,
      ...(lookup === undefined ? {} : { lookup }),
      ...(ca === undefined ? {} : { ca }),
      ...(servername === undefined ? {} : { servername }),
    });
    socket.setNoDelay();
    return socket;
  });
}

/** CLASP over a Unix domain socket, or a Windows named pipe. */
export function pipeLink(url: string, path: string): Link {
  return socketLink(url, 'connect', () => connectSocket({ path }));
}

function socketLink(url: string, openedBy: 'connect' | 'secureConnect', connect: () => Socket): Link {
  return {
    url,
    reliable: true,
    carriesText: false,
    open: (events) => openChannel(connect(), openedBy, events),
  };
}

function openChannel(socket: Socket, openedBy: string, events: LinkEvents): Channel {
  let fault: Error | undefined;
  const stream = new ByteStream(socket, {
    framing: 'length',
    received: (frames) => {
      events.received(frames);
    },
    broken: (error) => {
      fault = error;
      socket.destroy();
    },
  });
  socket.once(openedBy, () => {
    events.opened();
  });
  socket.on('error', (error) => (fault ??= error));
  socket.once('close', () => {
    events.closed(fault);
  });
  return {
    get bufferedBytes() {
      return stream.bufferedBytes;
    },
    send: (frame) => {
      if (typeof frame !== 'string') stream.send(frame);
    },
    close: () => {
      stream.send(closeFrame()); // without it, the router treats the end as that of a killed program
      socket.end();
    },
    destroy: () => socket.destroy(),
  };
}
