import { NEVER, type Observable } from 'rxjs';
import type { Qos } from '../../protocol/enumerations.js';
import type { Frame } from '../../protocol/frame.js';
import type { Message } from '../../protocol/messages/message.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { type Connection, ConnectionLost } from '../transport.js';

/** What the end inside the process hears. Never called from within a call of its own. */
export interface LocalEvents {
  /** Messages of the router, in order. They are shared with others: nobody changes them. */
  received(messages: readonly Message[]): void;
  /** Once, and last. @param cause why; undefined when either side said goodbye */
  closed(cause: Error | undefined): void;
}

/** The end that a program holds which has the router in its own process. */
export interface LocalPeer {
  /** Sends a message; it must not change any more. Does nothing once the connection has ended. */
  send(message: Message, qos: Qos): void;
  /** Says goodbye, behind what was sent. */
  close(): void;
  /** Ends it at once; nothing is heard of it any more. */
  destroy(): void;
}

/**
 * A peer in the router's own process: messages go back and forth as they are, without a socket, and without being encoded or
 * decoded. What is sent in one turn arrives as one batch, as one read of a socket does.
 *
 * @param remoteAddress what the router calls the peer: `local:1`
 */
export function localLink(
  remoteAddress: string,
  events: LocalEvents,
): { readonly connection: Connection; readonly peer: LocalPeer } {
  const connection = new LocalConnection(remoteAddress, events);
  return { connection, peer: connection.peer };
}

class LocalConnection implements Connection {
  readonly transport = 'local';
  readonly framing = 'raw';
  readonly encoding = undefined;
  readonly isTrusted = true;
  /** It takes what it is given at once. */
  readonly bufferedBytes = 0;
  readonly drained$: Observable<void> = NEVER;
  readonly remoteAddress: string;
  readonly batches$ = NEVER;
  readonly messages$: Observable<readonly Frame[]>;
  readonly peer: LocalPeer;

  readonly #events: LocalEvents;
  readonly #messages = new BufferedSubject<readonly Frame[]>();
  #toRouter: Frame[] = [];
  #toPeer: Message[] = [];
  #ended = false;

  constructor(remoteAddress: string, events: LocalEvents) {
    this.remoteAddress = remoteAddress;
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

  /** Nothing is ever written: {@link deliver} takes its place. */
  write(): void {
    // Nothing to do.
  }

  readonly deliver = (message: Message): void => {
    if (this.#ended) return;
    if (this.#toPeer.length === 0) queueMicrotask(this.#bringToPeer);
    this.#toPeer.push(message);
  };

  /** Of the reason nothing is told: an ERROR has said it, where the end was not the peer's own wish. */
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

  /** Both sides hear of it later: nobody is called back from inside his own call. */
  #end(faultForRouter: ConnectionLost | undefined, faultForPeer?: ConnectionLost): void {
    if (this.#ended) return;
    this.#ended = true;
    queueMicrotask(() => {
      if (faultForRouter === undefined) this.#messages.complete();
      else this.#messages.error(faultForRouter);
      this.#bringToPeer();
      // The router takes note at the end of the turn: who waits for this may count on its locks being free, and its place.
      setImmediate(() => {
        this.#events.closed(faultForPeer);
      });
    });
  }
}
