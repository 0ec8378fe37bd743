import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { named, optional, u64 } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { Qos } from '../enumerations.js';
import { type MessageCodec, withoutValues } from './codec.js';
import type { SyncMessage } from './message.js';

// SYNC 0x40 (wire.md 6.11)
//   flags u8 · t1 u64 · [t2 u64] · [t3 u64]
//   flags: 0x01 t2 · 0x02 t3

const T2 = 0x01;
const T3 = 0x02;

export const syncCodec: MessageCodec<SyncMessage> = {
  type: 'sync',
  code: 0x40,
  defaultQos: () => Qos.Fire,
  read: readSync,
  write: writeSync,
  fields: structure<SyncMessage>('sync', { type: named('sync'), t1: u64, t2: optional(u64), t3: optional(u64) }),
  detach: withoutValues,
};

function writeSync(w: Writer, m: SyncMessage): void {
  w.u8((m.t2 === undefined ? 0 : T2) | (m.t3 === undefined ? 0 : T3));
  w.u64(m.t1);
  if (m.t2 !== undefined) w.u64(m.t2);
  if (m.t3 !== undefined) w.u64(m.t3);
}

function readSync(r: Reader): SyncMessage {
  const flags = r.u8();
  return { type: 'sync', t1: r.u64(), t2: flags & T2 ? r.u64() : undefined, t3: flags & T3 ? r.u64() : undefined };
}
