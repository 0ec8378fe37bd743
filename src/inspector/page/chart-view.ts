import type { ActorDetail, FeedMessage, View } from '../feed.js';
import { ActorList } from './actor-list.js';
import { ActorPanel } from './actor-panel.js';
import { arrowMarker, ChartDrawing } from './chart-drawing.js';
import { button, html, narrow, setAttribute, setText, svg } from './elements.js';
import { layoutOf } from './elk-loader.js';
import type { Page, PageView } from './page.js';
import { PanZoom } from './pan-zoom.js';
import type { Route } from './route.js';
import { toneOf } from './tone.js';

/** View of one actor: its machine as a chart with the active states highlighted, and the reason for its state. */
export class ChartView implements PageView {
  readonly element = html('section', { class: 'view chart-view', 'aria-label': 'Statechart' });
  readonly #page: Page;
  readonly #actors: ActorList;
  readonly #panel = new ActorPanel();
  readonly #content = svg('g');
  readonly #frame = svg('svg', { class: 'chart-frame', tabindex: '0', role: 'img', 'aria-label': 'Statechart' });
  readonly #note = html('p', { class: 'empty' });
  readonly #panZoom: PanZoom;
  #actor: string | undefined;
  #detail: ActorDetail | undefined;
  #drawing: ChartDrawing | undefined;
  /** The machine that is drawn or in layout. */
  #drawn: string | undefined;
  /** Identity of the current layout. Results and errors of an earlier layout are ignored. */
  #layingOut: object | undefined;

  constructor(page: Page) {
    this.#page = page;
    this.#actors = new ActorList(page);
    this.#frame.append(arrowMarker(), this.#content);
    this.#panZoom = new PanZoom(this.#frame, this.#content);
    const zoom = html(
      'div',
      { class: 'zoom', role: 'group', 'aria-label': 'Zoom' },
      button('+', () => this.#panZoom.zoom(1.25), { 'aria-label': 'Nearer', title: 'Nearer (+)' }),
      button('−', () => this.#panZoom.zoom(0.8), { 'aria-label': 'Farther', title: 'Farther (-)' }),
      button('Fit', () => this.#panZoom.fit(), { title: 'Fit (0)' }),
    );
    const back = button('‹ All actors', () => page.go({ view: 'chart', actor: undefined }), { class: 'action back' });
    const stage = html('div', { class: 'stage' }, this.#frame, this.#note, zoom);
    this.element.append(this.#actors.element, back, stage, this.#panel.element);
    narrow.addEventListener('change', () => {
      this.#clearDrawing(); // the better layout direction can differ at the new size
      if (this.#detail !== undefined) this.#draw(this.#detail);
    });
  }

  show(route: Route): void {
    const actor = route.view === 'chart' ? route.actor : undefined;
    this.#actors.update();
    this.#actors.choose(actor);
    this.element.classList.toggle('has-actor', actor !== undefined);
    if (actor !== this.#actor) this.#forget();
    this.#actor = actor;
    this.#say();
    if (actor === undefined) this.#page.link.unwatch('actor');
    else this.#page.link.watch({ type: 'watch', view: 'actor', actor });
  }

  hide(): void {
    this.#page.link.unwatch('actor');
  }

  renewed(view: View): void {
    // Ids are valid for one run of the router. After a restart, the same id can denote another actor.
    if (view === 'actor') this.#forget();
    this.#say();
  }

  welcomed(): void {
    this.#actors.update();
  }

  received(message: FeedMessage): void {
    switch (message.type) {
      case 'actor':
        // A layout that is in progress when the view is hidden would have a size of 0.
        if (message.actor.actor === this.#actor && !this.element.hidden) this.#take(message.actor);
        break;
      case 'sessions':
        if (!this.element.hidden) this.#actors.update();
        if (this.#detail !== undefined) this.#showPanel(this.#detail);
        break;
      case 'actors':
        this.#actors.update();
        break;
      case 'refused':
        if (!this.element.hidden && this.#actor !== undefined && this.#detail === undefined)
          setText(this.#note, message.text);
        break;
      default:
    }
  }

  ticked(): void {
    if (this.#detail !== undefined) this.#panel.tick(this.#page.nowMs());
  }

  focusFilter(): void {
    this.#actors.focusFilter();
  }

  focusList(): void {
    if (this.element.classList.contains('has-actor') && narrow.matches) this.#frame.focus();
    else this.#actors.focus();
  }

  pressed(key: string): boolean {
    return this.#panZoom.pressed(key);
  }

  close(): boolean {
    if (this.#actors.clearFilter()) return true;
    if (this.#actor === undefined) return false;
    this.#page.go({ view: 'chart', actor: undefined });
    return true;
  }

  #take(detail: ActorDetail): void {
    this.#detail = detail;
    this.#showPanel(detail);
    setAttribute(this.#content, 'class', `tone-of-${toneOf(detail.state, detail.status)}`);
    this.#draw(detail);
    this.#say();
  }

  #showPanel(detail: ActorDetail): void {
    const session = this.#page.sessions.withActor(detail.actor);
    this.#panel.element.hidden = false;
    this.#panel.show(detail, session, this.#page.nowMs());
  }

  #draw(detail: ActorDetail): void {
    const chart = detail.machine === undefined ? undefined : this.#page.charts[detail.machine];
    const wanted = chart?.name;
    if (wanted === this.#drawn) {
      this.#drawing?.show(detail);
      return;
    }
    this.#clearDrawing();
    this.#drawn = wanted;
    if (chart === undefined) return;
    const { width, height } = this.#frame.getBoundingClientRect();
    const layingOut = (this.#layingOut = {});
    layoutOf(chart, width, height).then(
      (layout) => {
        if (this.#layingOut !== layingOut) return;
        this.#drawing = new ChartDrawing(layout);
        this.#content.replaceChildren(this.#drawing.element);
        if (this.#detail !== undefined) this.#drawing.show(this.#detail);
        this.#panZoom.open(this.#drawing, this.#drawing.activePlace());
        this.#say();
      },
      (error: unknown) => {
        if (this.#layingOut !== layingOut) return;
        this.#drawn = undefined;
        setText(this.#note, error instanceof Error ? error.message : 'The chart could not be laid out.');
      },
    );
  }

  #forget(): void {
    this.#detail = undefined;
    this.#clearDrawing();
    this.#panel.element.hidden = true;
  }

  #clearDrawing(): void {
    this.#drawing = undefined;
    this.#drawn = undefined;
    this.#layingOut = undefined;
    this.#content.replaceChildren();
  }

  #say(): void {
    this.#note.hidden = this.#drawing !== undefined;
    if (this.#actor === undefined) setText(this.#note, 'Select an actor to show its machine.');
    else if (this.#detail === undefined) setText(this.#note, `${this.#actor} does not answer; it may have ended.`);
    else if (this.#drawn === undefined)
      setText(this.#note, 'This actor is not a state machine. The panel shows its context.');
    else setText(this.#note, 'Drawing …');
  }
}
