import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { float, listOf, named, oneOf, optional, text, u32, u64, value } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { gesturePhases, Qos, type SignalType, signalTypes } from '../enumerations.js';
import { behindAddress, readTypedValue, writeAddressOf, writeTypedValue } from '../values/encoded-value.js';
import type { MessageCodec } from './codec.js';
import type { PublishMessage, Transmitted } from './message.js';
import { detachedTimeline, timeline } from './timeline-field.js';

// PUBLISH 0x20 (wire.md 6.6)
//   flags u8 · address str · indicator u8 · [value typed | samples: count u16, count × f64] · [timestamp u64] · [id u32] · [rate u32]
//   flags: 7..5 signal type · 0x10 timestamp · 0x08 id · 2..0 phase
//   indicator: 0 none · 1 value · 2 samples · others read as 0
//   rate has no presence bit: it is present if four bytes are left, so no field can ever follow it

const TIMESTAMP = 0x10;
const ID = 0x08;
const SAMPLE_BYTES = 8;
const RATE_BYTES = 4;

const fields = structure<Transmitted<PublishMessage>>('publish', {
  type: named('publish'),
  address: text,
  signal: optional(oneOf(signalTypes)),
  value: optional(value),
  samples: optional(listOf(float)),
  timestamp: optional(u64),
  id: optional(u32),
  phase: optional(oneOf(gesturePhases)),
  rate: optional(u32),
  timeline: optional(timeline),
});

export const publishCodec: MessageCodec<PublishMessage> = {
  type: 'publish',
  code: 0x20,
  defaultQos: (m) => publishQos(m.signal),
  read: readPublish,
  write: writePublish,
  fields: {
    ...fields,
    // A value and samples share one field. The value takes precedence (wire.md 6.6).
    readFields: (nodes, reading) => {
      const m = fields.readFields(nodes, reading);
      return m.value === undefined ? m : { ...m, samples: undefined };
    },
  },
  detach: detachedPublish,
};

function writePublish(w: Writer, m: PublishMessage): void {
  w.u8(publishFlags(m));
  if (m.value !== undefined) {
    writeAddressOf(w, m.address, m.value);
    w.u8(1);
    writeTypedValue(w, m.value);
  } else if (m.samples !== undefined) {
    w.str(m.address);
    w.u8(2);
    w.count(m.samples.length, 'list of samples');
    for (const sample of m.samples) w.f64(sample);
  } else {
    w.str(m.address);
    w.u8(0);
  }
  if (m.timestamp !== undefined) w.u64(m.timestamp);
  if (m.id !== undefined) w.u32(m.id);
  if (m.rate !== undefined) w.u32(m.rate);
}

/**
 * Writes the payload of a PUBLISH without its address, for files that name the address elsewhere. The address is removed
 * from the written bytes, because sharing the rest with {@link writePublish} makes every PUBLISH on the wire slower.
 */
export function writePublishWithoutAddress(w: Writer, m: PublishMessage): void {
  const addressAt = w.at + 1;
  writePublish(w, m);
  const addressBytes = 2 + ((w.bytes[addressAt]! << 8) | w.bytes[addressAt + 1]!); // its length is a u16
  w.bytes.copyWithin(addressAt, addressAt + addressBytes, w.at);
  w.at -= addressBytes;
}

export function publishFlags(m: PublishMessage): number {
  return (
    (signalCode(m.signal) << 5) |
    (m.timestamp === undefined ? 0 : TIMESTAMP) |
    (m.id === undefined ? 0 : ID) |
    (m.phase === undefined ? 0 : gesturePhases.indexOf(m.phase))
  );
}

function readPublish(r: Reader): PublishMessage {
  const flags = r.u8();
  const start = r.at;
  const address = r.address();
  return readContent(r, flags, address, start);
}

/**
 * Reads what {@link writePublishWithoutAddress} wrote.
 *
 * @throws DecodeError
 */
export function readPublishWithoutAddress(r: Reader, address: string): PublishMessage {
  return readContent(r, r.u8(), address, undefined);
}

/** @param addressStart offset of the address, which ends here; undefined if it is not in these bytes */
function readContent(r: Reader, flags: number, address: string, addressStart: number | undefined): PublishMessage {
  const end = r.at;
  const signal = signalTypes[flags >> 5] ?? 'event'; // codes 5..7 read as event
  const phase = gesturePhases[flags & 0x07] ?? 'start'; // codes 4..7 read as start
  const indicator = r.u8();
  const value = indicator === 1 ? readTypedValue(r) : undefined;
  if (value !== undefined && addressStart !== undefined) behindAddress(value, address, addressStart, end, r);
  return {
    type: 'publish',
    address,
    signal,
    value,
    samples: indicator === 2 ? readSamples(r) : undefined,
    timestamp: flags & TIMESTAMP ? r.u64() : undefined,
    id: flags & ID ? r.u32() : undefined,
    phase,
    rate: r.left >= RATE_BYTES ? r.u32() : undefined,
  };
}

function readSamples(r: Reader): readonly number[] {
  const samples: number[] = [];
  for (let left = r.count(SAMPLE_BYTES); left > 0; left--) samples.push(r.f64());
  return samples;
}

/** A missing signal is written as event. */
function signalCode(signal: SignalType | undefined): number {
  return signal === undefined ? 1 : signalTypes.indexOf(signal);
}

function publishQos(signal: SignalType | undefined): Qos {
  switch (signal) {
    case 'param':
    case 'event':
      return Qos.Confirm;
    case 'timeline':
      return Qos.Commit;
    case 'stream':
    case 'gesture':
    case undefined:
      return Qos.Fire;
  }
}

/**
 * Returns a PUBLISH that can be kept: its values own their bytes. Each field is written out, because a spread object
 * takes twice the memory.
 */
export function detachedPublish(message: PublishMessage): PublishMessage {
  const { type, address, signal, value, samples, timestamp, id, phase, rate, timeline, attachment } = message;
  if (value === undefined && timeline === undefined) return message;
  return {
    type,
    address,
    signal,
    value: value?.copy(),
    samples,
    timestamp,
    id,
    phase,
    rate,
    timeline: timeline && detachedTimeline(timeline),
    attachment,
  } satisfies Record<keyof PublishMessage, unknown>;
}
