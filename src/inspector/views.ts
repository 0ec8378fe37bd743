import type { FeedMessage } from './feed.js';

/** A running view of a page. It sends from its creation until it is stopped. */
export interface RunningView {
  stop(): void;
}

/**
 * Sends the messages of a view. If the page is behind, messages are dropped, and the view restarts when the page has
 * caught up.
 */
export type SendFeed = (message: FeedMessage) => void;

/**
 * Sends for a view with its own queue; nothing is dropped.
 *
 * @param text a message of the feed, as JSON
 * @param done called when the network has accepted the text, or with the error
 */
export type SendText = (text: string, done: (error?: Error | null) => void) => void;
