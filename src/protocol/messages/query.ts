import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import type { QueryMessage, ResultMessage, SignalDefinition } from './message.js';
import { readSignalDefinition, SMALLEST_DEFINITION_BYTES, writeSignalDefinition } from './signal-definition.js';

// QUERY 0x60 (wire.md 6.15)
//   pattern str

export function writeQuery(w: Writer, m: QueryMessage): void {
  w.str(m.pattern);
}

export function readQuery(r: Reader): QueryMessage {
  return { type: 'query', pattern: r.address() };
}

// RESULT 0x61 (wire.md 6.15)
//   count u16 · count × definition without meta

export function writeResult(w: Writer, m: ResultMessage): void {
  w.count(m.signals.length, 'list of signals');
  for (const signal of m.signals) writeSignalDefinition(w, signal, false);
}

export function readResult(r: Reader): ResultMessage {
  const signals: SignalDefinition[] = [];
  for (let left = r.count(SMALLEST_DEFINITION_BYTES); left > 0; left--) signals.push(readSignalDefinition(r, false));
  return { type: 'result', signals };
}
