import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { listOf, mapValue, named, optional, orEmpty, text } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { Qos } from '../enumerations.js';
import type { MessageCodec } from './codec.js';
import type { AnnounceMessage, SignalDefinition } from './message.js';
import {
  detachedDefinition,
  readSignalDefinition,
  signalDefinition,
  SMALLEST_DEFINITION_BYTES,
  writeSignalDefinition,
} from './signal-definition.js';

// ANNOUNCE 0x03 (wire.md 6.3)
//   namespace str · count u16 · count × definition

export const announceCodec: MessageCodec<AnnounceMessage> = {
  type: 'announce',
  code: 0x03,
  defaultQos: () => Qos.Fire,
  read: readAnnounce,
  write: writeAnnounce,
  fields: structure<AnnounceMessage>('announce', {
    type: named('announce'),
    namespace: text,
    signals: orEmpty(listOf(signalDefinition), () => []),
    meta: optional(mapValue),
  }),
  detach: (m) => ({ ...m, meta: m.meta?.copy(), signals: m.signals.map(detachedDefinition) }),
};

function writeAnnounce(w: Writer, m: AnnounceMessage): void {
  w.str(m.namespace);
  w.count(m.signals.length, 'list of signals');
  for (const signal of m.signals) writeSignalDefinition(w, signal, true);
}

function readAnnounce(r: Reader): AnnounceMessage {
  const namespace = r.str();
  const signals: SignalDefinition[] = [];
  for (let left = r.count(SMALLEST_DEFINITION_BYTES); left > 0; left--) signals.push(readSignalDefinition(r, true));
  return { type: 'announce', namespace, signals };
}
