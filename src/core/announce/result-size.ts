import { utf8Length } from '../../protocol/address.js';
import { Writer } from '../../protocol/bytes/writer.js';
import { writeCborMessage } from '../../protocol/encodings/cbor.js';
import { encodeJson } from '../../protocol/encodings/json.js';
import { EncodeError } from '../../protocol/errors.js';
import type { ResultMessage, SignalDefinition } from '../../protocol/messages/message.js';
import { definitionLength } from '../../protocol/messages/signal-definition.js';

export type ResultEncoding = 'binary' | 'cbor' | 'json';

/** Payload bytes of a RESULT without its definitions. */
export function resultOverhead(encoding: ResultEncoding, count: number): number {
  switch (encoding) {
    case 'binary':
      return BINARY_OVERHEAD;
    case 'cbor':
      return emptyCbor + (count < 24 ? 0 : count < 256 ? 1 : 2); // the list header grows with its length
    case 'json':
      return emptyJson + Math.max(0, count - 1); // commas
  }
}

/** Bytes of a definition in a RESULT; Infinity if the encoding cannot carry it. */
export function definitionSize(encoding: ResultEncoding, definition: SignalDefinition): number {
  try {
    switch (encoding) {
      case 'binary':
        return definitionLength(definition);
      case 'cbor':
        return cborLength([definition]) - emptyCbor;
      case 'json':
        return utf8Length(encodeJson(resultOf([definition]))) - emptyJson;
    }
  } catch (error) {
    if (error instanceof EncodeError) return Infinity;
    throw error;
  }
}

function resultOf(signals: readonly SignalDefinition[]): ResultMessage {
  return { type: 'result', signals };
}

function cborLength(signals: readonly SignalDefinition[]): number {
  const w = new Writer(256);
  writeCborMessage(w, resultOf(signals));
  return w.at;
}

/** Code and count (wire.md 6.15). */
const BINARY_OVERHEAD = 3;
const emptyCbor = cborLength([]);
const emptyJson = encodeJson(resultOf([])).length;
