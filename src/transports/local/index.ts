import { NEVER, type Observable } from 'rxjs';
import type { Qos } from '../../protocol/enumerations.js';
import type { Frame } from '../../protocol/frame.js';
import type { LocalMessage } from '../../protocol/inbound.js';
import type { Message } from '../../protocol/messages/message.js';
import type { Scope } from '../../protocol/scope.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { type Connection, ConnectionLost } from '../transport.js';

/** Callbacks of the in-process client. Never called during a call of the client. */
export interface LocalEvents {
  /** Receives messages of the router, in order. Others share them, so they must not be modified. */
  received(messages: readonly Message[]): void;
  /** Called once, as the last callback. @param cause the reason; undefined if either side closed the connection */
  closed(cause: Error | undefined): void;
}

/** See the fields of {@link Connection}. */
export type LocalRights = Pick<Connection, 'scopes' | 'wantsSnapshot'>;

/** Client end of a connection to a router in the same process. */
export interface LocalPeer {
  /** Sends a message, which must not be modified afterwards. Has no effect after the connection has ended. */
  send(message: LocalMessage, qos: Qos): void;
  /** Closes the connection after all sent messages are delivered. */
  close(): void;
  /** Ends the connection immediately. No more callbacks are called. */
  destroy(): void;
}

/**
 * A client in the router's own process. Messages pass by reference, without a socket, encoding or decoding. Messages
 * that are sent in one turn arrive as one batch, like one read of a socket.
 *
 * @param remoteAddress the router's name for the client: `local:1`
 */
export function localLink(
  remoteAddress: string,
  events: LocalEvents,
  rights: LocalRights = {},
): { readonly connection: Connection; readonly peer: LocalPeer } {
  const connection = new LocalConnection(remoteAddress, events, rights);
  return { connection, peer: connection.peer };
}

class LocalConnection implements Connection {
  readonly transport = 'local';
  readonly framing = 'raw';
  readonly encoding = undefined;
  readonly isTrusted = true;
  /** The client accepts messages immediately. */
  readonly bufferedBytes = 0;
  readonly drained$: Observable<void> = NEVER;
  readonly remoteAddress: string;
  readonly batches$ = NEVER;
  readonly messages$: Observable<readonly Frame<LocalMessage>[]>;
  readonly scopes: readonly Scope[] | undefined;
  readonly wantsSnapshot: boolean;
  readonly peer: LocalPeer;

  readonly #events: LocalEvents;
  readonly #messages = new BufferedSubject<readonly Frame<LocalMessage>[]>();
  #toRouter: Frame<LocalMessage>[] = [];
  #toPeer: Message[] = [];
  #ended = false;

  constructor(remoteAddress: string, events: LocalEvents, { scopes, wantsSnapshot = true }: LocalRights) {
    this.remoteAddress = remoteAddress;
    this.scopes = scopes;
    this.wantsSnapshot = wantsSnapshot;
    this.#events = events;
    this.messages$ = this.#messages.observable;
    this.peer = {
      send: (message, qos) => {
        if (this.#ended) return;
        if (this.#toRouter.length === 0) queueMicrotask(this.#bringToRouter);
        this.#toRouter.push({ message, qos, encoding: 'binary' });
      },
      close: () => {
        this.#bringToRouter();
        this.#end(undefined);
      },
      destroy: () => {
        this.#toPeer = [];
        this.#end(new ConnectionLost('the program has cut its connection'));
      },
    };
  }

  /** Never used: {@link deliver} replaces it. */
  write(): void {
    // No action.
  }

  readonly deliver = (message: Message): void => {
    if (this.#ended) return;
    if (this.#toPeer.length === 0) queueMicrotask(this.#bringToPeer);
    this.#toPeer.push(message);
  };

  /** The reason is not transmitted: if the peer did not close by itself, an ERROR has already stated it. */
  close(): void {
    this.#end(undefined);
  }

  destroy(): void {
    this.#end(undefined, new ConnectionLost('the connection was cut by the router'));
  }

  readonly #bringToRouter = (): void => {
    const frames = this.#toRouter;
    if (frames.length === 0) return;
    this.#toRouter = [];
    this.#messages.next(frames);
  };

  readonly #bringToPeer = (): void => {
    const messages = this.#toPeer;
    if (messages.length === 0) return;
    this.#toPeer = [];
    this.#events.received(messages);
  };

  /** Both sides are notified later, never during their own call. */
  #end(faultForRouter: ConnectionLost | undefined, faultForPeer?: ConnectionLost): void {
    if (this.#ended) return;
    this.#ended = true;
    queueMicrotask(() => {
      if (faultForRouter === undefined) this.#messages.complete();
      else this.#messages.error(faultForRouter);
      this.#bringToPeer();
      // The router processes the end at the end of the turn. Callers that wait for it can rely on released locks and a
      // free slot.
      setImmediate(() => {
        this.#events.closed(faultForPeer);
      });
    });
  }
}
