import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { named, optional, text, u32, u64 } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { signalTypeMask, signalTypesFromMask } from '../enumerations.js';
import { Qos } from '../enumerations.js';
import { type MessageCodec, withoutValues } from './codec.js';
import type { ReplayMessage } from './message.js';
import { typeFilter } from './shared-fields.js';

// REPLAY 0x24 (wire.md 6.16)
//   flags u8 · pattern str · [from u64] · [to u64] · [limit u32] · types u8, 0xFF = all
//   flags: 0x80 from · 0x40 to · 0x20 limit

const FROM = 0x80;
const TO = 0x40;
const LIMIT = 0x20;

export const replayCodec: MessageCodec<ReplayMessage> = {
  type: 'replay',
  code: 0x24,
  defaultQos: () => Qos.Confirm,
  read: readReplay,
  write: writeReplay,
  fields: structure<ReplayMessage>('replay', {
    type: named('replay'),
    pattern: text,
    from: optional(u64),
    to: optional(u64),
    limit: optional(u32),
    types: typeFilter,
  }),
  detach: withoutValues,
};

function writeReplay(w: Writer, m: ReplayMessage): void {
  w.u8((m.from === undefined ? 0 : FROM) | (m.to === undefined ? 0 : TO) | (m.limit === undefined ? 0 : LIMIT));
  w.str(m.pattern);
  if (m.from !== undefined) w.u64(m.from);
  if (m.to !== undefined) w.u64(m.to);
  if (m.limit !== undefined) w.u32(m.limit);
  w.u8(signalTypeMask(m.types));
}

function readReplay(r: Reader): ReplayMessage {
  const flags = r.u8();
  return {
    type: 'replay',
    pattern: r.address(),
    from: flags & FROM ? r.u64() : undefined,
    to: flags & TO ? r.u64() : undefined,
    limit: flags & LIMIT ? r.u32() : undefined,
    types: signalTypesFromMask(r.u8()),
  };
}
