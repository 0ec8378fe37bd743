import type { Json } from './feed.js';
import type { StatelyStream } from './stately/index.js';
import type { RunningView, Tell } from './views.js';

/** Messages of the replay in one of ours. */
const PIECE = 50;

/** What happens to the actors, in the protocol of the Stately inspector: first all there are, a piece a turn, then everything that follows. */
export function watchStately(stream: StatelyStream, tell: Tell): RunningView {
  let isOn = true;
  const stop = stream.subscribe((events) => {
    tell({ type: 'stately', events });
  });
  const replay = stream.replayEach()[Symbol.iterator]();
  const next = (): void => {
    if (!isOn) return;
    const events: Json[] = [];
    while (events.length < PIECE) {
      const step = replay.next();
      if (step.done === true) break;
      events.push(step.value);
    }
    if (events.length === 0) return;
    tell({ type: 'stately', events });
    setImmediate(next);
  };
  next();
  return {
    stop() {
      isOn = false;
      stop();
    },
  };
}
