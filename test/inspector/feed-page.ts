import { WebSocket } from 'ws';
import type { FeedMessage, PageMessage } from '../../src/inspector/feed.js';

type Of<T extends FeedMessage['type']> = Extract<FeedMessage, { readonly type: T }>;

/** A page as the router sees it. */
export class FeedPage {
  readonly messages: FeedMessage[] = [];
  readonly raw: string[] = [];
  readonly socket: WebSocket;
  #wake: () => void = () => undefined;

  /**
   * @param origin `ws://127.0.0.1:7330`
   * @param options headers of its request, and what certificate it trusts
   */
  constructor(
    origin: string,
    options: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly ca?: string;
      readonly servername?: string;
    } = {},
  ) {
    this.socket = new WebSocket(`${origin}/inspect/feed`, options);
    this.socket.on('message', (data: Buffer) => {
      const text = data.toString('utf8');
      this.raw.push(text);
      this.messages.push(JSON.parse(text) as FeedMessage); // what the router writes
      this.#wake();
    });
    this.socket.on('error', () => undefined);
  }

  say(message: PageMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The first message, now or later, of which this is true. */
  async hears<T extends FeedMessage['type']>(type: T, isIt: (message: Of<T>) => boolean = () => true): Promise<Of<T>> {
    for (let at = 0; ; at++) {
      while (at >= this.messages.length) await new Promise<void>((resolve) => (this.#wake = resolve));
      const message = this.messages[at]!; // there are more than that
      if (isOf(message, type) && isIt(message)) return message;
    }
  }
}

function isOf<T extends FeedMessage['type']>(message: FeedMessage, type: T): message is Of<T> {
  return message.type === type;
}
