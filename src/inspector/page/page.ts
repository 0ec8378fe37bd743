import type { ActorRow, Chart, FeedMessage, View } from '../feed.js';
import type { FeedLink } from './feed-link.js';
import type { Route } from './route.js';
import type { SessionTable } from './session-table.js';

/** What all views share. */
export interface Page {
  readonly link: FeedLink;
  readonly sessions: SessionTable;
  /** All actors that are no sessions. */
  readonly actors: readonly ActorRow[];
  readonly charts: Readonly<Record<string, Chart>>;
  readonly mayWrite: boolean;
  /** The router's clock, in Unix milliseconds. */
  nowMs(): number;
  go(route: Route): void;
}

/** One of the four views. It is made once; its element is hidden while another is shown. */
export interface PageView {
  readonly element: HTMLElement;
  /** It is in sight now, or its part of the route has changed. */
  show(route: Route): void;
  hide(): void;
  renewed(view: View): void;
  received(message: FeedMessage): void;
  /** Welcome has come: charts and permissions may be others. */
  welcomed(): void;
  /** Twice a second: ages. */
  ticked(): void;
  focusFilter(): void;
  focusList(): void;
  /** A key that is no other command. @returns whether it was one of the view's */
  pressed(key: string): boolean;
  /** Escape. @returns whether there was something to close */
  close(): boolean;
}
