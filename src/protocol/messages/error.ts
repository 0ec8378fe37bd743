import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { named, optional, text, u16, u32 } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { Qos } from '../enumerations.js';
import { type MessageCodec, withoutValues } from './codec.js';
import type { ErrorMessage } from './message.js';

// ERROR 0x51 (wire.md 6.14)
//   code u16 · message str · flags u8, after the message, always present · [address str] · [correlationId u32]
//   flags: 0x01 address · 0x02 correlationId

const ADDRESS = 0x01;
const CORRELATION_ID = 0x02;

export const errorCodec: MessageCodec<ErrorMessage> = {
  type: 'error',
  code: 0x51,
  defaultQos: () => Qos.Fire,
  read: readError,
  write: writeError,
  fields: structure<ErrorMessage>('error', {
    type: named('error'),
    code: u16,
    message: text,
    address: optional(text),
    correlationId: optional(u32),
  }),
  detach: withoutValues,
};

function writeError(w: Writer, m: ErrorMessage): void {
  w.u16(m.code);
  w.str(m.message);
  w.u8((m.address === undefined ? 0 : ADDRESS) | (m.correlationId === undefined ? 0 : CORRELATION_ID));
  if (m.address !== undefined) w.str(m.address);
  if (m.correlationId !== undefined) w.u32(m.correlationId);
}

function readError(r: Reader): ErrorMessage {
  const code = r.u16();
  const message = r.str();
  const flags = r.u8();
  return {
    type: 'error',
    code,
    message,
    address: flags & ADDRESS ? r.str() : undefined,
    correlationId: flags & CORRELATION_ID ? r.u32() : undefined,
  };
}
