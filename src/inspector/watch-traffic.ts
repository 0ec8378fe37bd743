import type { InboundBatch } from '../actors/router/router-actor-events.js';
import type { Clock } from '../util/clock.js';
import { ClockWatch } from '../util/clock-watch.js';
import { countFrames, type InboundMessage, sampleFrames } from '../protocol/inbound.js';
import type { Message, PublishMessage, SetMessage } from '../protocol/messages/message.js';
import { matchPattern, parsePattern } from '../protocol/pattern.js';
import { type BundleContents, contentsOf } from './bundle-contents.js';
import type { TrafficLine } from './feed.js';
import type { Registry } from './registry.js';
import { repeat } from './repeat.js';
import { HIDDEN, holdsSecret, isSecretAddress } from './secrets.js';
import type { RunningView, SendFeed } from './views.js';
import { jsonOf } from './watch-signals.js';

const PERIOD_MS = 200;
/** Maximum lines per message: about 200 per second. */
const MAX_LINES = 40;
/** Maximum messages read per turn of the event loop, so that a router at its limit stays unaffected. */
const MAX_LOOKED = 64;
const MAX_VALUE_BYTES = 512;

type Signal = SetMessage | PublishMessage;

/**
 * Sends the matching messages as they arrive. The view sees the router actor's batches, one per turn. From a large
 * batch it reads an evenly spread part, and it sends as many matches as a person can read.
 *
 * @param random returns 0 up to but not including 1; it selects the dropped lines if there are too many
 * @throws ClaspError 202 if the pattern is invalid
 */
export function watchTraffic(
  registry: Registry,
  pattern: string,
  clock: Clock,
  sendFeed: SendFeed,
  random: () => number = Math.random,
): RunningView {
  const wanted = parsePattern(pattern);
  let lines: TrafficLine[] = [];
  let matched = 0;
  let seen = 0;
  const matches = (message: InboundMessage): message is Signal =>
    isSignal(message) && matchPattern(wanted, message.address);
  const look = ({ session, receivedMicros }: InboundBatch, message: InboundMessage, standsFor: number): void => {
    const contents = message.type === 'bundle' ? contentsOf(message) : undefined;
    const matching = contents === undefined ? message : contents.messages.find(matches);
    if (matching === undefined || !matches(matching)) return;
    seen += standsFor;
    // Reservoir sampling: each match has the same chance to be among the lines.
    const place = matched++ < MAX_LINES ? matched - 1 : Math.floor(random() * matched);
    // Created at once, because the bytes of the value are valid in this turn only.
    if (place >= MAX_LINES) return;
    const line = {
      atMs: ClockWatch.of(clock).protocolTimeOf(receivedMicros / 1_000),
      from: session.name === '' ? session.id : session.name,
    };
    lines[place] = { ...line, ...said(matching), ...(contents !== undefined && bundled(contents)) };
  };
  const forget = registry.subscribe({
    actorStarted: () => undefined,
    snapshotTaken: () => undefined,
    actorStopped: () => undefined,
    eventSeen: (_, event) => {
      if (event.type !== 'inbound.batch') return;
      // event type of the router actor
      const { batches } = event as unknown as { readonly batches: readonly InboundBatch[] };
      const total = batches.reduce((sum, { frames }) => sum + countFrames(frames), 0);
      const stride = Math.max(1, Math.ceil(total / MAX_LOOKED));
      // Random start: at a fixed start, two alternating kinds of messages would show only one kind.
      let index = stride === 1 ? 0 : Math.floor(random() * stride);
      for (const batch of batches) {
        // The index continues across sessions, however few messages each has sent.
        index = sampleFrames(batch.frames, index, stride, ({ message }) => {
          look(batch, message, stride);
        });
      }
    },
  });
  const telling = repeat(clock, PERIOD_MS, () => {
    if (seen === 0) return;
    sendFeed({ type: 'traffic', pattern, seen, lines: lines.sort((one, other) => one.atMs - other.atMs) });
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

function isSignal(message: InboundMessage): message is Signal {
  return message.type === 'set' || message.type === 'publish';
}

type Said = Omit<TrafficLine, 'atMs' | 'from'>;

function said(message: Signal): Said {
  const { address, value } = message;
  const content = { kind: kindOf(message), address, ...shownValue(address, value) };
  if (message.type === 'set') {
    const { lock, unlock, ttl } = message;
    const notes = [lock === true ? 'locks' : '', unlock === true ? 'unlocks' : '', ttl === undefined ? '' : `${ttl} s`];
    return { ...content, ...noteOf(notes) };
  }
  const { samples, phase, id } = message;
  const notes = [
    content.kind === 'gesture' ? `${phase ?? 'start'} ${id ?? 0}` : '',
    samples === undefined ? '' : `${samples.length} samples`,
  ];
  return { ...content, ...noteOf(notes) };
}

/** Returns the fields that a bundle adds to the line of its message. */
function bundled({ messages, count }: BundleContents): Pick<TrafficLine, 'kind' | 'more' | 'note'> {
  const more = count > 1 ? { more: count - 1 } : {};
  if (messages.length < count) return { kind: 'bundle', ...more, note: `${count} messages` };
  const counts = new Map<string, number>();
  for (const message of messages) counts.set(kindOf(message), (counts.get(kindOf(message)) ?? 0) + 1);
  return { kind: 'bundle', ...more, note: [...counts].map(([kind, times]) => `${times} ${kind}`).join(', ') };
}

function kindOf(message: Message): string {
  return message.type === 'publish' ? (message.signal ?? 'event') : message.type;
}

function shownValue(address: string, value: SetMessage['value'] | undefined): Pick<TrafficLine, 'value'> {
  if (value === undefined) return {};
  if (isSecretAddress(address)) return { value: HIDDEN };
  if (value.byteLength > MAX_VALUE_BYTES) return { value: `(${value.byteLength} bytes)` };
  const decoded = value.decode();
  return { value: holdsSecret(decoded) ? HIDDEN : jsonOf(decoded) };
}

function noteOf(notes: readonly string[]): Pick<TrafficLine, 'note'> {
  const note = notes.filter((text) => text !== '').join(', ');
  return note === '' ? {} : { note };
}
