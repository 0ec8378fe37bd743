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
   * @param link what `Inspector.link` gives; with a key in it, the first welcome is the one behind the key
   * @param options headers of its request, and what certificate it trusts
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
      const message = JSON.parse(text) as FeedMessage; // what the router writes
      if (key !== undefined && message.type === 'welcome' && message.needsKey) this.say({ type: 'unlock', key });
      else this.messages.push(message);
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
