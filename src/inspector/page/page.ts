import type { ActorRow, Chart, FeedMessage, View } from '../feed.js';
import type { FeedLink } from './feed-link.js';
import type { Route } from './route.js';
import type { SessionTable } from './session-table.js';

/** State that all views share. */
export interface Page {
  readonly link: FeedLink;
  readonly sessions: SessionTable;
  /** All actors except sessions. */
  readonly actors: readonly ActorRow[];
  readonly charts: Readonly<Record<string, Chart>>;
  readonly mayWrite: boolean;
  /** The router's clock, in Unix milliseconds. */
  nowMs(): number;
  go(route: Route): void;
}

/** One of the four views. It is created once; its element is hidden while another view is visible. */
export interface PageView {
  readonly element: HTMLElement;
  /** The view became visible, or its part of the route has changed. */
  show(route: Route): void;
  hide(): void;
  renewed(view: View): void;
  received(message: FeedMessage): void;
  /** A welcome message arrived: charts and permissions can have changed. */
  welcomed(): void;
  /** Twice per second, for ages. */
  ticked(): void;
  focusFilter(): void;
  focusList(): void;
  /** Handles a key that is not a global command. @returns whether the view handled it */
  pressed(key: string): boolean;
  /** Handles Escape. @returns whether the view closed something */
  close(): boolean;
}
