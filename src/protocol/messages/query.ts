import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { listOf, named, text } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { Qos } from '../enumerations.js';
import { type MessageCodec, withoutValues } from './codec.js';
import type { QueryMessage, ResultMessage, SignalDefinition } from './message.js';
import {
  detachedDefinition,
  readSignalDefinition,
  signalDefinition,
  SMALLEST_DEFINITION_BYTES,
  writeSignalDefinition,
} from './signal-definition.js';

// QUERY 0x60 (wire.md 6.15)
//   pattern str

export const queryCodec: MessageCodec<QueryMessage> = {
  type: 'query',
  code: 0x60,
  defaultQos: () => Qos.Fire,
  read: readQuery,
  write: writeQuery,
  fields: structure<QueryMessage>('query', { type: named('query'), pattern: text }),
  detach: withoutValues,
};

function writeQuery(w: Writer, m: QueryMessage): void {
  w.str(m.pattern);
}

function readQuery(r: Reader): QueryMessage {
  return { type: 'query', pattern: r.address() };
}

// RESULT 0x61 (wire.md 6.15)
//   count u16 · count × definition without meta

export const resultCodec: MessageCodec<ResultMessage> = {
  type: 'result',
  code: 0x61,
  defaultQos: () => Qos.Fire,
  read: readResult,
  write: writeResult,
  fields: structure<ResultMessage>('result', { type: named('result'), signals: listOf(signalDefinition) }),
  detach: (m) => ({ ...m, signals: m.signals.map(detachedDefinition) }),
};

function writeResult(w: Writer, m: ResultMessage): void {
  w.count(m.signals.length, 'list of signals');
  for (const signal of m.signals) writeSignalDefinition(w, signal, false);
}

function readResult(r: Reader): ResultMessage {
  const signals: SignalDefinition[] = [];
  for (let left = r.count(SMALLEST_DEFINITION_BYTES); left > 0; left--) signals.push(readSignalDefinition(r, false));
  return { type: 'result', signals };
}
