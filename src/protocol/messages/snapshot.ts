import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { listOf, named, optional, text, u64, value } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { Qos } from '../enumerations.js';
import { readTypedValue, writeTypedValue } from '../values/encoded-value.js';
import type { MessageCodec } from './codec.js';
import type { SnapshotEntry, SnapshotMessage, Transmitted } from './message.js';

// SNAPSHOT 0x23 (wire.md 6.9)
//   count u16 · count × entry
// entry
//   address str · value typed · revision u64 · options u8 · [writer str] · [timestamp u64]
//   options: 0x01 writer · 0x02 timestamp

const WRITER = 0x01;
const TIMESTAMP = 0x02;

/** Bytes of the lengths, type, revision and options of an entry with an empty address and null (wire.md 13). */
export const SMALLEST_SNAPSHOT_ENTRY_BYTES = 12;

const snapshotEntry = structure<Transmitted<SnapshotEntry>>('snapshot entry', {
  address: text,
  value,
  revision: u64,
  writer: optional(text),
  timestamp: optional(u64),
});

export const snapshotCodec: MessageCodec<SnapshotMessage> = {
  type: 'snapshot',
  code: 0x23,
  defaultQos: () => Qos.Fire,
  read: readSnapshot,
  write: writeSnapshot,
  fields: structure<SnapshotMessage>('snapshot', { type: named('snapshot'), params: listOf(snapshotEntry) }),
  detach: (m) => ({ ...m, params: m.params.map((entry) => ({ ...entry, value: entry.value.copy() })) }),
};

function writeSnapshot(w: Writer, m: SnapshotMessage): void {
  w.count(m.params.length, 'list of params');
  for (const entry of m.params) writeSnapshotEntry(w, entry);
}

export function writeSnapshotEntry(w: Writer, entry: SnapshotEntry): void {
  w.str(entry.address);
  writeTypedValue(w, entry.value);
  w.u64(entry.revision);
  w.u8((entry.writer === undefined ? 0 : WRITER) | (entry.timestamp === undefined ? 0 : TIMESTAMP));
  if (entry.writer !== undefined) w.str(entry.writer);
  if (entry.timestamp !== undefined) w.u64(entry.timestamp);
}

function readSnapshot(r: Reader): SnapshotMessage {
  const params: SnapshotEntry[] = [];
  for (let left = r.count(SMALLEST_SNAPSHOT_ENTRY_BYTES); left > 0; left--) params.push(readSnapshotEntry(r));
  return { type: 'snapshot', params };
}

function readSnapshotEntry(r: Reader): SnapshotEntry {
  const address = r.address();
  const value = readTypedValue(r);
  const revision = r.u64();
  const options = r.u8();
  return {
    address,
    value,
    revision,
    writer: options & WRITER ? r.str() : undefined,
    timestamp: options & TIMESTAMP ? r.u64() : undefined,
  };
}
