import type { Json } from '../feed.js';
import { definitionText, isRecord } from './definition.js';
import type { Sanitize, WatchedActor, WatchedEvent } from './port.js';
import { shownSnapshot } from './snapshot.js';

/** Version of `@statelyai/inspect` that defines these messages; each message contains it. */
export const INSPECT_VERSION = '0.7.2';

/**
 * Creates the messages of the Stately inspector, field for field as `@statelyai/inspect` does:
 *
 *    all              type · sessionId · rootId · createdAt (Unix ms, as text) · id (null) · _version
 *    @xstate.actor    name · definition (JSON text) · parentId? · snapshot
 *    @xstate.event    event · sourceId?
 *    @xstate.snapshot event · snapshot
 */
export class StatelyMessages {
  readonly #sanitize: Sanitize;
  /** Created once per machine and not per actor: a thousand sessions share one machine. */
  readonly #definitions = new WeakMap<object, string>();

  constructor(sanitize: Sanitize) {
    this.#sanitize = sanitize;
  }

  actor(actor: WatchedActor, atMs: number): Json {
    const { config, id, parentId } = actor;
    const definition = config === undefined ? undefined : this.#definition(config);
    const name = config !== undefined && id === actor.sessionId ? (idOf(config) ?? id) : id;
    return {
      ...common('@xstate.actor', actor, atMs),
      name,
      // An actor that is not a machine is drawn as one box with its name.
      definition: definition ?? JSON.stringify({ id: name }),
      ...(parentId !== undefined && { parentId }),
      snapshot: shownSnapshot(actor.snapshot(), this.#sanitize),
    };
  }

  event(actor: WatchedActor, event: WatchedEvent, sourceId: string | undefined, atMs: number): Json {
    return {
      ...common('@xstate.event', actor, atMs),
      event: this.#event(event),
      ...(sourceId !== undefined && { sourceId }),
    };
  }

  snapshot(actor: WatchedActor, event: WatchedEvent, snapshot: unknown, atMs: number): Json {
    return {
      ...common('@xstate.snapshot', actor, atMs),
      event: this.#event(event),
      snapshot: shownSnapshot(snapshot, this.#sanitize),
    };
  }

  #definition(config: object): string {
    let text = this.#definitions.get(config);
    if (text === undefined) this.#definitions.set(config, (text = definitionText(config, this.#sanitize)));
    return text;
  }

  #event(event: WatchedEvent): Json {
    const sanitized = this.#sanitize(event);
    return { ...(isRecord(sanitized) && sanitized), type: event.type };
  }
}

function common(type: string, { sessionId, rootId }: WatchedActor, atMs: number): Readonly<Record<string, Json>> {
  return { type, sessionId, rootId, createdAt: String(Math.floor(atMs)), id: null, _version: INSPECT_VERSION };
}

/** The config of a machine without an id has none. */
function idOf(config: object): string | undefined {
  return 'id' in config && typeof config.id === 'string' ? config.id : undefined;
}
