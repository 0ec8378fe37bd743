import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { boolean, named, optional, text, u32, u64 } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { Qos } from '../enumerations.js';
import type { U64 } from '../u64.js';
import { writeAddressOf } from '../values/encoded-value.js';
import { type MessageCodec, withoutValues } from './codec.js';
import type { AckMessage, SetMessage } from './message.js';

// ACK 0x50 (wire.md 6.13)
//   flags u8 · [address str] · [revision u64] · [locked u8] · [holder str] · [correlationId u32]
//   flags: 0x01 address · 0x02 revision · 0x04 locked · 0x08 holder · 0x10 correlationId

const ADDRESS = 0x01;
const REVISION = 0x02;
const LOCKED = 0x04;
const HOLDER = 0x08;
const CORRELATION_ID = 0x10;

export const ackCodec: MessageCodec<AckMessage> = {
  type: 'ack',
  code: 0x50,
  defaultQos: () => Qos.Fire,
  read: readAck,
  write: writeAck,
  fields: structure<AckMessage>('ack', {
    type: named('ack'),
    address: optional(text),
    revision: optional(u64),
    locked: optional(boolean),
    holder: optional(text),
    correlationId: optional(u32),
  }),
  detach: withoutValues,
};

function writeAck(w: Writer, m: AckMessage): void {
  w.u8(
    (m.address === undefined ? 0 : ADDRESS) |
      (m.revision === undefined ? 0 : REVISION) |
      (m.locked === undefined ? 0 : LOCKED) |
      (m.holder === undefined ? 0 : HOLDER) |
      (m.correlationId === undefined ? 0 : CORRELATION_ID),
  );
  if (m.address !== undefined) w.str(m.address);
  if (m.revision !== undefined) w.u64(m.revision);
  if (m.locked !== undefined) w.u8(m.locked ? 1 : 0);
  if (m.holder !== undefined) w.str(m.holder);
  if (m.correlationId !== undefined) w.u32(m.correlationId);
}

/** Flags of the ACK for a SET. */
export const SET_ACK_FLAGS = ADDRESS | REVISION;

/** Writes the ACK for a SET: its address and revision. The address fitted a frame with more fields, so it fits here. */
export function writeSetAck(w: Writer, { address, value }: SetMessage, revision: U64): void {
  w.u8(SET_ACK_FLAGS);
  writeAddressOf(w, address, value);
  w.u64(revision);
}

function readAck(r: Reader): AckMessage {
  const flags = r.u8();
  return {
    type: 'ack',
    address: flags & ADDRESS ? r.address() : undefined,
    revision: flags & REVISION ? r.u64() : undefined,
    locked: flags & LOCKED ? r.u8() !== 0 : undefined,
    holder: flags & HOLDER ? r.str() : undefined,
    correlationId: flags & CORRELATION_ID ? r.u32() : undefined,
  };
}
