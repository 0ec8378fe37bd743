import { type Clock, setBackgroundTimer } from '../util/clock.js';
import { ClockWatch } from '../util/clock-watch.js';
import type { ActorDetail } from './feed.js';
import { activeNodes, snapshotOf } from './machine-state.js';
import { type KnownActor, type Registry, rowOf } from './registry.js';
import { sanitize } from './sanitize.js';
import type { RunningView, SendFeed } from './views.js';

/** Minimum milliseconds between two messages about one actor. */
const PERIOD_MS = 50;

/**
 * Sends one actor, now and after each of its transitions. After the actor has ended, the view keeps its last state.
 */
export function watchActor(registry: Registry, sessionId: string, clock: Clock, sendFeed: SendFeed): RunningView {
  const known = registry.find(sessionId);
  if (known === undefined) {
    sendFeed({ type: 'refused', text: 'the actor no longer exists' });
    return { stop: () => undefined };
  }
  let timer: unknown;
  let isPlanned = false;
  let sentAtMs = -Infinity;
  const show = (): void => {
    isPlanned = false;
    sentAtMs = clock.now();
    const watch = ClockWatch.of(clock);
    watch.look();
    sendFeed({ type: 'actor', actor: detailOf(known, (ms) => watch.protocolTimeOf(ms)) });
  };
  const changed = ({ sessionId: id }: { readonly sessionId: string }): void => {
    if (id !== sessionId || isPlanned) return;
    isPlanned = true;
    timer = setBackgroundTimer(clock, show, Math.max(0, sentAtMs + PERIOD_MS - clock.now()));
  };
  const forget = registry.subscribe({
    actorStarted: () => undefined,
    eventSeen: () => undefined,
    snapshotTaken: changed,
    actorStopped: changed,
  });
  show();
  return {
    stop() {
      forget();
      clock.clearTimeout(timer);
    },
  };
}

/** @param timeOf the protocol's time of a monotonic one, in milliseconds */
function detailOf(known: KnownActor, timeOf: (monotonicMs: number) => number): ActorDetail {
  const snapshot: unknown = known.ref.getSnapshot();
  const { context, output, error } = snapshotOf(snapshot);
  const visible = known.machine === undefined ? snapshot : { ...(context as object | undefined), output, error };
  return {
    ...rowOf(known),
    activeNodes: activeNodes(snapshot),
    sinceMs: timeOf(known.sinceMs),
    // The spread makes a plain object: `sanitize` would show a class instance as its name only.
    context: sanitize({ ...(visible as object) }),
    transitions: known.transitions.map((transition) => ({ ...transition, atMs: timeOf(transition.atMs) })),
  };
}
