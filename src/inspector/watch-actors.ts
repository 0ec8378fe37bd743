import { type Clock, setBackgroundTimer } from '../util/clock.js';
import type { Registry } from './registry.js';
import type { RunningView, SendFeed } from './views.js';

/**
 * Minimum milliseconds between two messages: a listener can accept hundreds of peers per second, with one transition
 * each.
 */
const PERIOD_MS = 100;

/** Sends all actors except sessions, now and after each start, stop or transition. */
export function watchActors(registry: Registry, clock: Clock, sendFeed: SendFeed): RunningView {
  let timer: unknown;
  let isPlanned = false;
  let sent = '';
  const show = (): void => {
    isPlanned = false;
    const actors = registry.rows();
    const text = JSON.stringify(actors);
    if (text === sent) return;
    sent = text;
    sendFeed({ type: 'actors', actors });
  };
  /** Sessions can number thousands, and have their own view. */
  const changed = ({ config }: { readonly config: object | undefined }): void => {
    if (isPlanned || (config !== undefined && 'id' in config && config.id === 'session')) return;
    isPlanned = true;
    timer = setBackgroundTimer(clock, show, PERIOD_MS);
  };
  show();
  const stop = registry.subscribe({
    actorStarted: changed,
    eventSeen: () => undefined,
    // An actor that is not a machine never changes state. Without this check, the router actor would trigger at every
    // tick.
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
