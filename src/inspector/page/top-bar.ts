import { button, html, setAttribute, setText } from './elements.js';
import type { LinkState } from './feed-link.js';
import { countText } from './plain-text.js';
import { formatRoute, type RouteView, routeViews } from './route.js';
import type { SessionTotals } from './session-table.js';

const titles: Readonly<Record<RouteView, string>> = {
  sessions: 'Sessions',
  chart: 'Statechart',
  signals: 'Signals',
  traffic: 'Traffic',
};

/** Bar above all views: router name, link state, totals, and the tabs. */
export class TopBar {
  readonly element: HTMLElement;
  readonly tabs: HTMLElement;
  readonly #links = new Map<RouteView, HTMLAnchorElement>();
  readonly #router = html('h1', {}, 'CLASP router');
  readonly #state = html('span', { role: 'status', class: 'tone tone-waiting' }, 'connecting');
  readonly #figures = new Map<string, HTMLElement>();
  #view: RouteView = 'sessions';

  /** @param openStately runs when the user presses its button */
  constructor(openStately: () => void) {
    const links = routeViews.map((view, index) => {
      const key = html('kbd', { 'aria-hidden': 'true' }, String(index + 1));
      const link = html('a', { href: `#${view}`, 'aria-keyshortcuts': String(index + 1) }, titles[view], key);
      this.#links.set(view, link);
      return link;
    });
    this.tabs = html('nav', { class: 'tabs', 'aria-label': 'Views' }, ...links);
    const figures = html('dl', { class: 'totals' });
    for (const name of ['sessions', 'params', 'in /s', 'out /s']) {
      const figure = html('dd', {}, '–');
      this.#figures.set(name, figure);
      figures.append(html('div', {}, html('dt', {}, name), figure));
    }
    const stately = button('Stately ↗', openStately, {
      class: 'action stately',
      title: 'Show the machines in the inspector of stately.ai, in another window',
    });
    this.element = html(
      'header',
      { class: 'top' },
      html('div', { class: 'router' }, this.#router, this.#state),
      this.tabs,
      figures,
      stately,
    );
  }

  /** @param hrefs target of each tab: the last location of its view */
  showView(view: RouteView, hrefs: ReadonlyMap<RouteView, string>): void {
    for (const [name, link] of this.#links) {
      setAttribute(link, 'href', hrefs.get(name) ?? formatRoute({ view: 'sessions' }));
      if (name === view) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    this.#view = view;
    this.#entitle();
  }

  showRouter(name: string, version: string): void {
    setText(this.#router, name);
    this.#router.title = `version ${version}`;
    this.#entitle();
  }

  #entitle(): void {
    document.title = `${titles[this.#view]} · ${this.#router.textContent}`;
  }

  showState(state: LinkState): void {
    const [word, tone] = stateWord(state);
    setText(this.#state, word);
    setAttribute(this.#state, 'class', `tone tone-${tone}`);
  }

  showTotals({ sessions, messagesIn, messagesOut }: SessionTotals, params: number | undefined): void {
    const texts = new Map([
      ['sessions', countText(sessions)],
      ['params', params === undefined ? '–' : countText(params)],
      ['in /s', countText(messagesIn)],
      ['out /s', countText(messagesOut)],
    ]);
    for (const [name, figure] of this.#figures) setText(figure, texts.get(name) ?? '–');
  }
}

function stateWord(state: LinkState): readonly [string, string] {
  switch (state.kind) {
    case 'connecting':
      return ['connecting', 'waiting'];
    case 'open':
      return ['connected', 'good'];
    case 'locked':
      return [`needs a ${state.needs}`, 'waiting'];
    case 'lost':
      return ['disconnected', 'bad'];
  }
}
