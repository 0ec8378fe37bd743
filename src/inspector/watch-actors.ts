import { type Clock, setBackgroundTimer } from '../util/clock.js';
import type { Registry } from './registry.js';
import type { RunningView, Tell } from './views.js';

/** Milliseconds between two messages: a door may let in hundreds of peers a second, and takes a transition for each. */
const PERIOD_MS = 100;

/** All actors that are no sessions, now and whenever there is another or one of them has moved. */
export function watchActors(registry: Registry, clock: Clock, tell: Tell): RunningView {
  let timer: unknown;
  let isPlanned = false;
  let told = '';
  const show = (): void => {
    isPlanned = false;
    const actors = registry.rows();
    const text = JSON.stringify(actors);
    if (text === told) return;
    told = text;
    tell({ type: 'actors', actors });
  };
  /** Sessions come and go by the thousand, and are shown elsewhere. */
  const changed = ({ config }: { readonly config: object | undefined }): void => {
    if (isPlanned || (config !== undefined && 'id' in config && config.id === 'session')) return;
    isPlanned = true;
    timer = setBackgroundTimer(clock, show, PERIOD_MS);
  };
  show();
  const stop = registry.subscribe({
    actorStarted: changed,
    eventSeen: () => undefined,
    // What is no machine is always in the same state: the router actor alone would call every tick.
    snapshotTaken: (actor) => {
      if (actor.config !== undefined) changed(actor);
    },
    actorStopped: changed,
  });
  return {
    stop() {
      stop();
      clock.clearTimeout(timer);
    },
  };
}
