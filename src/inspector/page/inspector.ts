import type { ActorRow, Chart, FeedMessage, View } from '../feed.js';
import { browserHost } from './browser-host.js';
import { ChartView } from './chart-view.js';
import { html, isTyping, setText } from './elements.js';
import { FeedLink, type LinkState } from './feed-link.js';
import type { Page, PageView } from './page.js';
import { EVERYTHING, formatRoute, keyOf, parseRoute, type Route, type RouteView, routeViews } from './route.js';
import { SessionTable } from './session-table.js';
import { SessionsView } from './sessions-view.js';
import { SignalsView } from './signals-view.js';
import { StatelyWindow } from './stately-window.js';
import { TokenForm } from './token-form.js';
import { TopBar } from './top-bar.js';
import { TrafficView } from './traffic-view.js';

/** Interval of age updates, in milliseconds. */
const TICK_MS = 500;

/** The page: data of the router, its views, and the keyboard commands. */
export class Inspector implements Page {
  readonly link: FeedLink;
  readonly sessions = new SessionTable();
  actors: readonly ActorRow[] = [];
  charts: Readonly<Record<string, Chart>> = {};
  mayWrite = false;
  readonly element: HTMLElement;
  readonly #bar: TopBar;
  readonly #token: TokenForm;
  readonly #banner = html('div', { class: 'banner', role: 'alert', hidden: '' });
  readonly #views: Readonly<Record<RouteView, PageView>>;
  readonly #stately: StatelyWindow;
  /** Last location of each view, for its tab. */
  readonly #places = new Map<RouteView, string>(routeViews.map((view) => [view, `#${view}`]));
  #route: Route = { view: 'sessions' };
  /** `location.hash` of the current view. */
  #shownHash: string | undefined;
  #params: number | undefined;
  #clockAheadMs = 0;
  /** The next message about sessions contains all of them. */
  #areSessionsStale = false;

  constructor() {
    this.link = new FeedLink(browserHost, {
      stateChanged: (state) => {
        this.#stateChanged(state);
      },
      renewed: (view) => {
        this.#renewed(view);
      },
      received: (message) => {
        this.#received(message);
      },
    });
    this.#stately = new StatelyWindow(this.link);
    this.#bar = new TopBar(() => {
      this.#stately.open();
    });
    this.#token = new TokenForm((needs, secret) => {
      this.link.give(needs, secret);
    });
    this.#views = {
      sessions: new SessionsView(this),
      chart: new ChartView(this),
      signals: new SignalsView(this),
      traffic: new TrafficView(this),
    };
    const main = html('main', {}, ...Object.values(this.#views).map(({ element }) => element), this.#token.element);
    this.element = html('div', { class: 'inspector' }, this.#bar.element, main, this.#banner);
    for (const view of Object.values(this.#views)) view.element.hidden = true;
  }

  start(): void {
    this.#takeKey();
    this.link.watch({ type: 'watch', view: 'sessions' });
    this.link.start();
    window.addEventListener('hashchange', () => {
      this.#takeKey();
      if (location.hash !== this.#shownHash) this.#follow();
    });
    window.addEventListener('keydown', (event) => {
      if (this.#press(event)) event.preventDefault();
    });
    setInterval(() => {
      if (document.hidden) return;
      for (const view of Object.values(this.#views)) if (!view.element.hidden) view.ticked();
      this.#stately.ticked();
    }, TICK_MS);
    this.#follow();
  }

  /** Removes the key from the address, so that it is not visible on screen and not in the history. */
  #takeKey(): void {
    const key = keyOf(location.hash);
    if (key === undefined) return;
    history.replaceState(null, '', formatRoute({ view: 'sessions' }));
    this.link.give('key', key);
  }

  nowMs(): number {
    return Date.now() + this.#clockAheadMs;
  }

  go(route: Route): void {
    this.#goTo(formatRoute(route));
  }

  /**
   * Switches at once: `hashchange` fires after key events that are already queued, and those are meant for the new
   * view.
   */
  #goTo(hash: string): void {
    location.hash = hash;
    this.#follow();
  }

  /** Shows the view that the URL names. */
  #follow(): void {
    this.#shownHash = location.hash;
    const before = this.#route.view;
    this.#route = parseRoute(location.hash);
    const { view } = this.#route;
    this.#places.set(view, formatRoute(this.#route));
    if (before !== view) this.#views[before].hide();
    for (const [name, { element }] of Object.entries(this.#views)) element.hidden = name !== view;
    this.#views[view].show(this.#route);
    this.#bar.showView(view, this.#places);
    if (before !== view) this.#views[view].focusList();
  }

  #stateChanged(state: LinkState): void {
    this.#bar.showState(state);
    this.#banner.hidden = state.kind !== 'lost';
    if (state.kind === 'lost') {
      setText(this.#banner, 'Disconnected from the router; reconnecting. The page shows its last known state.');
    }
    this.element.classList.toggle('is-lost', state.kind === 'lost');
    if (state.kind === 'locked') this.#token.ask(state.needs, state.problem);
    else if (state.kind === 'open') this.#token.close();
  }

  #renewed(view: View): void {
    if (view === 'sessions') this.#areSessionsStale = true;
    for (const other of Object.values(this.#views)) other.renewed(view);
    this.#stately.renewed(view);
  }

  #received(message: FeedMessage): void {
    switch (message.type) {
      case 'welcome':
        this.charts = message.charts;
        this.mayWrite = message.mayWrite;
        this.#clockAheadMs = message.nowMs - Date.now();
        this.#bar.showRouter(message.router, message.version);
        for (const view of Object.values(this.#views)) view.welcomed();
        break;
      case 'actors':
        this.actors = message.actors;
        break;
      case 'sessions':
        if (this.#areSessionsStale) this.sessions.clear();
        this.#areSessionsStale = false;
        this.sessions.apply(message);
        this.#clockAheadMs = message.nowMs - Date.now();
        this.#params = message.params ?? this.#params;
        this.#bar.showTotals(this.sessions.totals(), this.#params);
        break;
      case 'signals':
        if ((message.pattern ?? this.#pattern()) === EVERYTHING) this.#params = message.total;
        break;
      default:
    }
    for (const view of Object.values(this.#views)) view.received(message);
    this.#stately.received(message);
  }

  #pattern(): string | undefined {
    return this.#route.view === 'signals' ? this.#route.pattern : undefined;
  }

  #press(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#token.element.hidden) return false;
    const view = this.#views[this.#route.view];
    if (event.key === 'Escape') {
      // Leaves the field first: the input stays, and keys are commands again.
      if (isTyping(event.target)) view.focusList();
      else view.close();
      return true;
    }
    if (isTyping(event.target)) return false;
    if (event.key === '/') {
      view.focusFilter();
      return true;
    }
    if (event.target === document.body && ['j', 'k', 'ArrowDown', 'ArrowUp'].includes(event.key)) {
      // Nothing has the focus, so the list takes it and handles this key.
      view.focusList();
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: event.key }));
      return true;
    }
    const tab = routeViews[Number(event.key) - 1];
    if (tab === undefined) return view.pressed(event.key);
    this.#goTo(this.#places.get(tab) ?? `#${tab}`);
    return true;
  }
}
