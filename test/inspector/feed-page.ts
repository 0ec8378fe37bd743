import { WebSocket } from 'ws';
import type { FeedMessage, PageMessage } from '../../src/inspector/feed.js';

type Of<T extends FeedMessage['type']> = Extract<FeedMessage, { readonly type: T }>;

/** A page from the router's side. */
export class FeedPage {
  readonly messages: FeedMessage[] = [];
  readonly raw: string[] = [];
  readonly socket: WebSocket;
  #wake: () => void = () => undefined;

  /**
   * @param link the result of `Inspector.link`; if it contains a key, the first welcome is the one after the key
   * @param options request headers, and trusted certificates
   */
  constructor(
    link: string,
    options: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly ca?: string;
      readonly servername?: string;
    } = {},
  ) {
    const { origin } = new URL(link);
    const [, key] = link.split('#key=');
    this.socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/inspect/feed`, options);
    this.socket.on('message', (data: Buffer) => {
      const text = data.toString('utf8');
      this.raw.push(text);
      const message = JSON.parse(text) as FeedMessage; // format that the router writes
      if (key !== undefined && message.type === 'welcome' && message.needsKey) this.say({ type: 'unlock', key });
      else this.messages.push(message);
      this.#wake();
    });
    this.socket.on('error', () => undefined);
  }

  say(message: PageMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Resolves with the first message, received or future, that satisfies the condition. */
  async hears<T extends FeedMessage['type']>(type: T, isIt: (message: Of<T>) => boolean = () => true): Promise<Of<T>> {
    for (let at = 0; ; at++) {
      while (at >= this.messages.length) await new Promise<void>((resolve) => (this.#wake = resolve));
      const message = this.messages[at]!; // the index is below the length
      if (isOf(message, type) && isIt(message)) return message;
    }
  }
}

function isOf<T extends FeedMessage['type']>(message: FeedMessage, type: T): message is Of<T> {
  return message.type === type;
}
