import type { ActorDetail, SessionRow, Transition } from '../feed.js';
import { html, setAttribute, setText } from './elements.js';
import { ageText, timeText, valueText } from './plain-text.js';
import { reasonOf } from './reason.js';
import { toneClass, toneOf } from './tone.js';

/** Maximum transitions in the list; the feed keeps few more. */
const SHOWN_TRANSITIONS = 50;

/** Panel beside the chart: the reason for the state, the latest events, then the context of the actor. */
export class ActorPanel {
  readonly element = html('aside', { class: 'panel actor-panel', 'aria-label': 'About the actor' });
  readonly #name = html('h2');
  readonly #state = html('span');
  readonly #since = html('span', { class: 'since' });
  readonly #reason = html('p', { class: 'reason', role: 'status' });
  readonly #figures = html('dl', { class: 'figures' });
  readonly #transitions = html('ol', { class: 'transitions' });
  readonly #context = html('pre', { class: 'context mono', tabindex: '0', 'aria-label': 'Context' });
  #listed: readonly Transition[] = [];
  #sinceMs = 0;

  constructor() {
    this.element.append(
      html('header', {}, this.#name, html('div', { class: 'now-line' }, this.#state, this.#since)),
      this.#reason,
      this.#figures,
      html('h3', {}, 'Last transitions'),
      this.#transitions,
      html('h3', {}, 'Context'),
      this.#context,
    );
  }

  show(actor: ActorDetail, session: SessionRow | undefined, nowMs: number): void {
    const { tone, text, figures } = reasonOf(actor, session);
    setText(this.#name, session?.name !== undefined && session.name !== '' ? session.name : actor.name);
    setText(this.#state, actor.state === '' ? actor.status : actor.state);
    setAttribute(this.#state, 'class', toneClass(toneOf(actor.state, actor.status)));
    this.#sinceMs = actor.sinceMs;
    this.tick(nowMs);
    setText(this.#reason, text);
    this.#reason.hidden = text === '';
    setAttribute(this.#reason, 'class', `reason reason-${tone}`);
    this.#showFigures(figures);
    this.#showTransitions(actor.transitions.slice(-SHOWN_TRANSITIONS));
    setText(this.#context, JSON.stringify(actor.context, undefined, 2));
  }

  tick(nowMs: number): void {
    setText(this.#since, `for ${ageText(nowMs - this.#sinceMs)}`);
  }

  #showFigures(figures: readonly (readonly [string, string])[]): void {
    const names = figures.map(([name]) => name).join();
    if (names !== [...this.#figures.querySelectorAll('dt')].map(({ textContent }) => textContent).join()) {
      this.#figures.replaceChildren(...figures.map(([name]) => html('div', {}, html('dt', {}, name), html('dd'))));
    }
    for (const [index, cell] of [...this.#figures.querySelectorAll('dd')].entries()) {
      setText(cell, figures[index]?.[1] ?? '');
    }
  }

  /** Newest first. Rebuilt only if there is a new transition. */
  #showTransitions(transitions: readonly Transition[]): void {
    const key = ({ atMs, event, to }: Transition): string => `${atMs} ${event} ${to}`;
    if (transitions.map(key).join() === this.#listed.map(key).join()) return;
    this.#listed = transitions;
    this.#transitions.replaceChildren(...[...transitions].reverse().map(transitionItem));
  }
}

function transitionItem({ atMs, event, detail, from, to }: Transition): HTMLElement {
  const moved = from === to ? html('span', { class: 'stayed' }, 'stayed') : movement(from, to);
  const said = valueText(detail, 160);
  return html(
    'li',
    {},
    html('time', {}, timeText(atMs)),
    html('strong', { class: 'mono' }, event),
    moved,
    ...(said === 'null' || said === '{}' ? [] : [html('code', {}, said)]),
  );
}

function movement(from: string, to: string): HTMLElement {
  return html('span', { class: 'moved' }, `${from} → `, html('span', { class: toneClass(toneOf(to)) }, to));
}
