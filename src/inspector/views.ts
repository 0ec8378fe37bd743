import type { FeedMessage } from './feed.js';

/** Something a page watches. It begins to tell when it is made, and ends when told so. */
export interface RunningView {
  stop(): void;
}

/** Where a view's messages go. */
export type Tell = (message: FeedMessage) => void;
