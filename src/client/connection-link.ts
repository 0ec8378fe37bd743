import { singly } from '../protocol/frame-run.js';
import type { Connection, SingleFrame } from '../transports/transport.js';
import type { Channel, ClientEncoding, Link, LinkEvents } from './link.js';

/** A connection that can send the text of JSON messages as well, as in-memory ones can. */
export interface TextConnection extends Connection {
  sendText(text: string): void;
}

/**
 * A link over connections of the router's own kind, such as those in memory: `connectionLink(() => transport.connect())`.
 *
 * @param source a connection, which serves once, or what makes a new one for each attempt. They must need no framing (`raw`)
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
    throw new Error(
      `this link writes frames as they are; the connection wants them with the framing ${connection.framing}`,
    );
  }
  if (encoding === 'json' && !isTextConnection(connection)) {
    throw new Error('JSON is text, which this connection does not carry; choose binary or cbor');
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
