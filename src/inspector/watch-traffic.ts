import type { InboundBatch } from '../actors/router/router-events.js';
import type { Clock } from '../clock.js';
import type { InboundMessage } from '../protocol/inbound.js';
import type { BundleMessage, PublishMessage, SetMessage } from '../protocol/messages/message.js';
import { matchPattern, parsePattern } from '../protocol/pattern.js';
import type { TrafficLine } from './feed.js';
import type { Registry } from './registry.js';
import { repeat } from './repeat.js';
import type { RunningView, Tell } from './views.js';
import { jsonOf } from './watch-signals.js';

const PERIOD_MS = 200;
/** Lines in one message: some two hundred a second. */
const MAX_LINES = 40;
/** Messages looked at in one turn of the event loop: with more, a router at its limit would feel it. */
const MAX_LOOKED = 64;
/** Messages of a bundle that are looked at: one may hold thousands. */
const MAX_LOOKED_IN_BUNDLE = 64;
const MAX_VALUE_BYTES = 512;

type Signal = SetMessage | PublishMessage | BundleMessage;

/**
 * The messages that match, as they come in. They are seen as the router actor gets them, in batches of a turn; of a large batch only some
 * are looked at, evenly spread, and of those that match as many are shown as can be read.
 *
 * @param random 0 up to but not including 1: which lines give way when there are too many
 * @throws ClaspError 202 for a pattern that is none
 */
export function watchTraffic(
  registry: Registry,
  pattern: string,
  clock: Clock,
  tell: Tell,
  random: () => number = Math.random,
): RunningView {
  const wanted = parsePattern(pattern);
  let lines: TrafficLine[] = [];
  let matched = 0;
  let seen = 0;
  const matches = (message: InboundMessage): message is Signal => {
    switch (message.type) {
      case 'set':
      case 'publish':
        return matchPattern(wanted, message.address);
      case 'bundle':
        return message.messages.slice(0, MAX_LOOKED_IN_BUNDLE).some(matches);
      default:
        return false;
    }
  };
  const look = ({ session, receivedMicros }: InboundBatch, message: InboundMessage, standsFor: number): void => {
    if (!matches(message)) return;
    seen += standsFor;
    // Each of those that match has the same chance to be among the lines (reservoir sampling).
    const place = matched++ < MAX_LINES ? matched - 1 : Math.floor(random() * matched);
    // Made now or never: the bytes of its value are gone with this turn.
    if (place < MAX_LINES)
      lines[place] = lineOf(message, session.name === '' ? session.id : session.name, receivedMicros);
  };
  const forget = registry.subscribe({
    actorStarted: () => undefined,
    snapshotTaken: () => undefined,
    actorStopped: () => undefined,
    eventSeen: (_, event) => {
      if (event.type !== 'inbound.batch') return;
      const { batches } = event as unknown as { readonly batches: readonly InboundBatch[] }; // the router actor's own event
      const total = batches.reduce((sum, { frames }) => sum + frames.length, 0);
      const stride = Math.max(1, Math.ceil(total / MAX_LOOKED));
      // Where the first one is looked at is chance: of two kinds that take turns, a fixed place would see one alone.
      let index = stride === 1 ? 0 : Math.floor(random() * stride);
      for (const batch of batches) {
        for (; index < batch.frames.length; index += stride) look(batch, batch.frames[index]!.message, stride);
        index -= batch.frames.length; // the steps go on from one session to the next, however little each has sent
      }
    },
  });
  const telling = repeat(clock, PERIOD_MS, () => {
    if (seen === 0) return;
    tell({ type: 'traffic', pattern, seen, lines: lines.sort((one, other) => one.atMs - other.atMs) });
    lines = [];
    matched = 0;
    seen = 0;
  });
  return {
    stop() {
      forget();
      telling.stop();
    },
  };
}

function lineOf(message: Signal, from: string, receivedMicros: number): TrafficLine {
  const line = { atMs: receivedMicros / 1_000, from };
  switch (message.type) {
    case 'set': {
      const { address, value, lock, unlock, ttl } = message;
      const notes = [
        lock === true ? 'locks' : '',
        unlock === true ? 'unlocks' : '',
        ttl === undefined ? '' : `${ttl} s`,
      ];
      return { ...line, kind: 'set', address, ...valueOf(value), ...noteOf(notes) };
    }
    case 'publish': {
      const { address, signal = 'event', value, samples, phase, id } = message;
      const notes = [
        signal === 'gesture' ? `${phase ?? 'start'} ${id ?? 0}` : '',
        samples === undefined ? '' : `${samples.length} samples`,
      ];
      return { ...line, kind: signal, address, ...valueOf(value), ...noteOf(notes) };
    }
    case 'bundle': {
      const [first] = message.messages;
      const address = first !== undefined && 'address' in first ? (first.address ?? '') : '';
      return { ...line, kind: 'bundle', address, note: `${message.messages.length} messages` };
    }
  }
}

function valueOf(value: SetMessage['value'] | undefined): Pick<TrafficLine, 'value'> {
  if (value === undefined) return {};
  return { value: value.byteLength > MAX_VALUE_BYTES ? `(${value.byteLength} bytes)` : jsonOf(value.decode()) };
}

function noteOf(notes: readonly string[]): Pick<TrafficLine, 'note'> {
  const note = notes.filter((text) => text !== '').join(', ');
  return note === '' ? {} : { note };
}
