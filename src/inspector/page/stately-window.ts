import type { FeedMessage, View } from '../feed.js';
import type { FeedLink } from './feed-link.js';

const STATELY = 'https://stately.ai';

/** Shows the machines in the inspector of stately.ai, in its own window. The page itself needs no internet access. */
export class StatelyWindow {
  readonly #link: FeedLink;
  #window: Window | null = null;
  #isConnected = false;

  constructor(link: FeedLink) {
    this.#link = link;
    window.addEventListener('message', ({ source, origin, data }) => {
      if (source === null || source !== this.#window || origin !== STATELY || !isConnected(data)) return;
      this.#isConnected = true;
      this.#link.watch({ type: 'watch', view: 'stately' });
    });
  }

  /** Must be called from a click, or the browser blocks the window. */
  open(): void {
    this.#isConnected = false;
    this.#window = window.open(`${STATELY}/inspect`, 'xstateinspector');
  }

  received(message: FeedMessage): void {
    if (message.type !== 'stately' || !this.#isConnected) return;
    for (const event of message.events) this.#window?.postMessage(event, STATELY);
  }

  renewed(view: View): void {
    if (view === 'stately' && this.#window?.closed === true) this.#close();
  }

  ticked(): void {
    if (this.#isConnected && this.#window?.closed === true) this.#close();
  }

  #close(): void {
    this.#isConnected = false;
    this.#window = null;
    this.#link.unwatch('stately');
  }
}

function isConnected(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === '@statelyai.connected';
}
