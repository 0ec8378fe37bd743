import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import type { AnnounceMessage, SignalDefinition } from './message.js';
import { readSignalDefinition, SMALLEST_DEFINITION_BYTES, writeSignalDefinition } from './signal-definition.js';

// ANNOUNCE 0x03 (wire.md 6.3)
//   namespace str · count u16 · count × definition

export function writeAnnounce(w: Writer, m: AnnounceMessage): void {
  w.str(m.namespace);
  w.count(m.signals.length, 'list of signals');
  for (const signal of m.signals) writeSignalDefinition(w, signal, true);
}

export function readAnnounce(r: Reader): AnnounceMessage {
  const namespace = r.str();
  const signals: SignalDefinition[] = [];
  for (let left = r.count(SMALLEST_DEFINITION_BYTES); left > 0; left--) signals.push(readSignalDefinition(r, true));
  return { type: 'announce', namespace, signals };
}
