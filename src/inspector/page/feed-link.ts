import type { FeedMessage, PageMessage, View } from '../feed.js';

export type Watch = Extract<PageMessage, { readonly type: 'watch' }>;

/** What a router can require before it sends data. */
export type Secret = 'token' | 'key';

/** State of the link to the router. */
export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** The router requires a token, or the key of the link that it printed. */
  | { readonly kind: 'locked'; readonly needs: Secret; readonly problem: string | undefined }
  /** The link reconnects after a delay, without limit. */
  | { readonly kind: 'lost'; readonly attempts: number };

/** The part of a WebSocket that the link uses. */
export interface FeedSocket {
  send(text: string): void;
}

/** Events of the WebSocket. */
export interface SocketEvents {
  received(data: unknown): void;
  closed(): void;
}

/** The part of the browser that the link uses. */
export interface LinkHost {
  open(events: SocketEvents): FeedSocket;
  /** Runs a callback once after a delay. */
  later(run: () => void, milliseconds: number): void;
  /** The latest token and key, kept for the lifetime of the tab. */
  readonly secrets: Partial<Record<Secret, string | undefined>>;
}

export interface LinkEvents {
  stateChanged(state: LinkState): void;
  /** The router sends the view from the start again; previous content can be outdated. */
  renewed(view: View): void;
  received(message: FeedMessage): void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5_000;

/** Connection to the router's feed. It reconnects after each loss and watches the same views again. */
export class FeedLink {
  readonly #host: LinkHost;
  readonly #events: LinkEvents;
  readonly #watches = new Map<View, Watch>();
  #socket: FeedSocket | undefined;
  #isReady = false;
  #attempts = 0;
  #problem: string | undefined;
  /** What the router requires now. */
  #needs: Secret | undefined;
  /** Tokens or keys that were sent and not answered. The router answers them in order. */
  #tries = 0;
  #lastId = 0;
  readonly #answers = new Map<number, (error: string | undefined) => void>();

  constructor(host: LinkHost, events: LinkEvents) {
    this.#host = host;
    this.#events = events;
  }

  start(): void {
    this.#socket = this.#host.open({
      received: (data) => {
        const message = parseMessage(data);
        if (message !== undefined) this.#take(message);
      },
      closed: () => {
        this.#lost();
      },
    });
  }

  /** Sets what is shown of the view. */
  watch(watch: Watch): void {
    this.#watches.set(watch.view, watch);
    if (this.#isReady) this.#begin(watch);
  }

  unwatch(view: View): void {
    if (!this.#watches.delete(view) || !this.#isReady) return;
    this.#send({ type: 'unwatch', view });
  }

  /** Stores a token or key of the user. The link sends it when the router requires it. */
  give(needs: Secret, secret: string): void {
    this.#host.secrets[needs] = secret;
    this.#problem = undefined;
    if (this.#needs === needs) this.#show(needs, secret);
  }

  /** Writes a param or sends an event. @returns the error text; undefined on success */
  write(
    request: { readonly type: 'set' | 'emit' } & Omit<Extract<PageMessage, { readonly type: 'emit' }>, 'id' | 'type'>,
  ): Promise<string | undefined> {
    if (!this.#isReady) return Promise.resolve('The router is not connected.');
    const id = ++this.#lastId;
    const { type, address, value } = request;
    if (type === 'emit') this.#send({ type, id, address, ...(value === undefined ? {} : { value }) });
    else if (value === undefined) return Promise.resolve('A value is missing.');
    else this.#send({ type, id, address, value });
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  #take(message: FeedMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#attempts = 0;
        this.#events.received(message);
        this.#welcomed(message.needsToken ? 'token' : message.needsKey ? 'key' : undefined);
        return;
      case 'refused':
        this.#refused(message.text);
        break;
      case 'done':
        this.#answers.get(message.id)?.(message.error);
        this.#answers.delete(message.id);
        break;
      default:
    }
    this.#events.received(message);
  }

  #welcomed(needs: Secret | undefined): void {
    this.#needs = needs;
    this.#isReady = needs === undefined;
    if (needs === undefined) {
      this.#events.stateChanged({ kind: 'open' });
      for (const watch of this.#watches.values()) this.#begin(watch);
      return;
    }
    const secret = this.#host.secrets[needs];
    if (secret !== undefined) this.#show(needs, secret);
    else this.#events.stateChanged({ kind: 'locked', needs, problem: this.#problem });
  }

  #refused(text: string): void {
    if (this.#needs === undefined) return;
    this.#tries = Math.max(0, this.#tries - 1);
    if (this.#tries > 0) return; // another one is in flight and can be valid
    // The router refused it, so the next connection must not try it again.
    this.#host.secrets[this.#needs] = undefined;
    this.#problem = text;
    this.#events.stateChanged({ kind: 'locked', needs: this.#needs, problem: text });
  }

  #begin(watch: Watch): void {
    this.#events.renewed(watch.view);
    // The callback can have changed the watch.
    if (this.#watches.get(watch.view) === watch) this.#send(watch);
  }

  #show(needs: Secret, secret: string): void {
    this.#tries++;
    this.#send(needs === 'token' ? { type: 'authenticate', token: secret } : { type: 'unlock', key: secret });
  }

  #lost(): void {
    this.#isReady = false;
    this.#needs = undefined;
    this.#tries = 0;
    this.#socket = undefined;
    for (const answer of this.#answers.values()) answer('The connection was lost. The write may have succeeded.');
    this.#answers.clear();
    this.#attempts++;
    this.#events.stateChanged({ kind: 'lost', attempts: this.#attempts });
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (this.#attempts - 1), LONGEST_RETRY_MS);
    this.#host.later(() => {
      this.start();
    }, waitMs);
  }

  #send(message: PageMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }
}

/** The router is trusted to follow the contract. Messages without a known type are ignored. */
function parseMessage(data: unknown): FeedMessage | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const message: unknown = JSON.parse(data);
    const isMessage = typeof message === 'object' && message !== null && 'type' in message;
    // Page and feed come from the same router version, and share these types.
    return isMessage ? (message as FeedMessage) : undefined;
  } catch {
    return undefined;
  }
}
