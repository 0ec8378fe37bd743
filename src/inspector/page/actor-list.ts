import type { ActorRow } from '../feed.js';
import { html, setAttribute, setText } from './elements.js';
import { FilterField } from './filter-field.js';
import type { Page } from './page.js';
import { firstOrder } from './session-table.js';
import { toneClass, toneOf } from './tone.js';
import { type Row, VirtualList } from './virtual-list.js';

interface Choice {
  readonly actor: string;
  readonly name: string;
  readonly state: string;
  readonly status: string;
  readonly kind: string;
}

/** List of all actors: the router's own actors first, then the sessions. */
export class ActorList {
  readonly element = html('nav', { class: 'actors', 'aria-label': 'Actors' });
  readonly #page: Page;
  readonly #filter = new FilterField('Filter actors', 'Filter actors', () => {
    this.update();
  });
  readonly #list: VirtualList<Choice>;

  constructor(page: Page) {
    this.#page = page;
    this.#list = new VirtualList<Choice>({
      label: 'Actors',
      role: 'listbox',
      rowHeight: { wide: 52, card: 56 },
      key: ({ actor }) => actor,
      row: actorRow,
      opened: ({ actor }) => page.go({ view: 'chart', actor }),
    });
    this.element.append(
      html('div', { class: 'toolbar' }, this.#filter.element),
      html('div', { class: 'list-frame' }, this.#list.element),
    );
  }

  update(): void {
    const filter = this.#filter.text.toLowerCase();
    const own = this.#page.actors.map(ownChoice).filter(({ name }) => name.toLowerCase().includes(filter));
    const sessions = this.#page.sessions.visible(filter, undefined, firstOrder('name'));
    this.#list.setItems([
      ...own,
      ...sessions.map(({ actor, id, name, state, transport }) => ({
        actor,
        name: name === '' ? id : name,
        state,
        status: 'active',
        kind: transport,
      })),
    ]);
  }

  choose(actor: string | undefined): void {
    this.#list.choose(actor);
  }

  focus(): void {
    this.#list.element.focus();
  }

  focusFilter(): void {
    this.#filter.focus();
  }

  /** @returns whether there was a filter */
  clearFilter(): boolean {
    const wasSet = this.#filter.clear();
    if (wasSet) this.update();
    return wasSet;
  }
}

function ownChoice({ actor, name, state, status, machine }: ActorRow): Choice {
  return { actor, name, state: state === '' ? status : state, status, kind: machine ?? 'not a machine' };
}

function actorRow(): Row<Choice> {
  const name = html('span', { class: 'actor-name' });
  const kind = html('span', { class: 'actor-kind' });
  const state = html('span');
  return {
    element: html('div', { class: 'actor-row' }, name, kind, state),
    show(choice) {
      setText(name, choice.name);
      setText(kind, choice.kind);
      setText(state, choice.state);
      setAttribute(state, 'class', `actor-state ${toneClass(toneOf(choice.state, choice.status))}`);
    },
  };
}
