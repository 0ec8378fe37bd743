import { singly } from '../protocol/frame-run.js';
import type { Connection, SingleFrame } from '../transports/transport.js';
import type { Channel, ClientEncoding, Link, LinkEvents } from './link.js';

/** A connection that can also send JSON messages, as in-memory ones can. */
export interface TextConnection extends Connection {
  sendText(text: string): void;
}

/**
 * Creates a link over connections of the router's own type, such as in-memory ones: `connectionLink(() =>
 * transport.connect())`.
 *
 * @param source a connection, which can be used once, or a function that creates one per attempt. They must use the
 * framing `raw`
 */
export function connectionLink(source: Connection | (() => Connection)): Link {
  let single = typeof source === 'function' ? undefined : source;
  const connect = (): Connection => {
    if (typeof source === 'function') return source();
    if (single === undefined) throw new Error('the one connection of this link has ended');
    const connection = single;
    single = undefined;
    return connection;
  };
  return {
    url: 'memory:',
    reliable: true,
    carriesText: true,
    open: (events, encoding) => openChannel(connect(), events, encoding),
  };
}

function openChannel(connection: Connection, events: LinkEvents, encoding: ClientEncoding): Channel {
  if (connection.framing !== 'raw') {
    throw new Error(`this link writes raw frames; the connection requires the framing ${connection.framing}`);
  }
  if (encoding === 'json' && !isTextConnection(connection)) {
    throw new Error('this connection does not carry JSON; choose binary or cbor');
  }
  let ended = false;
  const end = (cause: Error | undefined): void => {
    if (ended) return;
    ended = true;
    events.closed(cause);
  };
  void Promise.resolve().then(() => {
    if (ended) return;
    events.opened();
    connection.batches$.subscribe({
      next: (frames) => {
        if (!ended) events.received(singly<SingleFrame>(frames));
      },
      error: end,
      complete: () => {
        end(undefined);
      },
    });
  });
  return {
    get bufferedBytes() {
      return connection.bufferedBytes;
    },
    send: (frame) => {
      if (typeof frame !== 'string') connection.write(frame);
      else if (isTextConnection(connection)) connection.sendText(frame);
    },
    close: () => connection.close({ kind: 'normal', text: 'the client was closed' }),
    destroy: () => {
      ended = true;
      connection.destroy();
    },
  };
}

function isTextConnection(connection: Connection): connection is TextConnection {
  return 'sendText' in connection;
}
