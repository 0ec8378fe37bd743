import type { FeedMessage } from './feed.js';

/** Something a page watches. It begins to tell when it is made, and ends when told so. */
export interface RunningView {
  stop(): void;
}

/** Where a view's messages go. Of a page that has fallen behind they go nowhere; it is shown the view anew when it has caught up. */
export type Tell = (message: FeedMessage) => void;

/**
 * Where a view sends that waits for the page by itself: nothing of it is left out.
 *
 * @param text a message of the feed, as JSON
 * @param done called when the network has taken it, or with why it never will
 */
export type SendText = (text: string, done: (error?: Error | null) => void) => void;
