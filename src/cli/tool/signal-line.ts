import type { Signal } from '../../client/node.js';
import { fieldText, jsonLine, optionalText, valueText } from './value-notation.js';

/** Column widths of addresses and kinds. A longer text moves the rest of its line. */
const ADDRESS_WIDTH = 24;
const KIND_WIDTH = 'timeline'.length;

/**
 * Returns a signal as a line of text: local time of arrival, address, kind, value, and further fields of its kind.
 *
 * @param atMs milliseconds since the Unix epoch
 */
export function signalLine(signal: Signal, atMs: number): string {
  const parts = [
    timeOfDay(new Date(atMs)),
    signal.address.padEnd(ADDRESS_WIDTH),
    signal.kind.padEnd(KIND_WIDTH),
    contentText(signal),
    ...detailsOf(signal),
  ];
  return parts
    .filter((part) => part !== undefined)
    .join('  ')
    .trimEnd();
}

/** Returns a signal as one JSON object: local times in ISO 8601, `timestamp` as it was sent, in microseconds. */
export function signalJson(signal: Signal, atMs: number): string {
  const { kind, address, timestamp } = signal;
  const common = { time: fieldText(new Date(atMs).toISOString()), address: fieldText(address), type: fieldText(kind) };
  const sentAt = optionalText(timestamp);
  const value = signal.value === undefined ? undefined : valueText(signal.value);
  switch (signal.kind) {
    case 'param': {
      const { revision, fromSnapshot, lock, unlock, writer } = signal;
      const flags = {
        held: optionalText(fromSnapshot || undefined),
        lock: optionalText(lock),
        unlock: optionalText(unlock),
        writer: optionalText(writer),
      };
      return jsonLine({ ...common, value, revision: fieldText(revision), ...flags, timestamp: sentAt });
    }
    case 'event':
      return jsonLine({ ...common, value, timestamp: sentAt });
    case 'stream': {
      const samples = signal.samples && valueText(signal.samples);
      return jsonLine({ ...common, value, samples, rate: optionalText(signal.rate), timestamp: sentAt });
    }
    case 'gesture':
      return jsonLine({
        ...common,
        value,
        phase: fieldText(signal.phase),
        id: fieldText(signal.id),
        timestamp: sentAt,
      });
    case 'timeline':
      return jsonLine({ ...common, timeline: optionalText(signal.timeline), value, timestamp: sentAt });
  }
}

function contentText(signal: Signal): string | undefined {
  if (signal.value !== undefined) return valueText(signal.value);
  if (signal.kind === 'stream') return signal.samples && valueText(signal.samples);
  return signal.kind === 'timeline' ? optionalText(signal.timeline) : undefined;
}

function detailsOf(signal: Signal): readonly string[] {
  switch (signal.kind) {
    case 'param': {
      const { revision, fromSnapshot, lock, unlock } = signal;
      return [
        `revision ${revision}`,
        ...(fromSnapshot ? ['held'] : []),
        ...(lock === true ? ['locked'] : []),
        ...(unlock === true ? ['unlocked'] : []),
      ];
    }
    case 'stream':
      return signal.rate === undefined ? [] : [`${signal.rate} samples/s`];
    case 'gesture':
      return [`${signal.phase} #${signal.id}`];
    case 'event':
    case 'timeline':
      return [];
  }
}

function timeOfDay(date: Date): string {
  const two = (part: number): string => String(part).padStart(2, '0');
  const milliseconds = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}
