import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { flag, named, optional, text, u64, unsigned, value } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { Qos } from '../enumerations.js';
import type { U64 } from '../u64.js';
import { behindAddress, readEncodedValue, writeAddressAndData } from '../values/encoded-value.js';
import { type MessageCodec, withoutValues } from './codec.js';
import type { GetMessage, SetMessage, Transmitted } from './message.js';

// SET 0x21 (wire.md 6.7) — write a param
//   flags u8 · address str · value data, no type byte · [revision u64] · [ttl u32]
//   flags: 0x80 revision · 0x40 lock · 0x20 unlock · 0x10 ttl · 0x0F value type
//   ttl (wire.md 11): 0 never · low 31 bits seconds · 0x80000000 counted from the write, otherwise from the last use

/** Flag of a SET with a revision. */
export const SET_REVISION = 0x80;
const LOCK = 0x40;
const UNLOCK = 0x20;
const TTL = 0x10;
const VALUE_TYPE = 0x0f;

const ABSOLUTE = 0x8000_0000;
const TTL_SECONDS = 0x7fff_ffff;

/** The top bit of the u32 is `absolute` (wire.md 11). */
const ttlSeconds = unsigned(TTL_SECONDS);

export const setCodec: MessageCodec<SetMessage> = {
  type: 'set',
  code: 0x21,
  defaultQos: () => Qos.Confirm,
  read: readSet,
  write: writeSet,
  fields: structure<Transmitted<SetMessage>>('set', {
    type: named('set'),
    address: text,
    value,
    revision: optional(u64),
    lock: flag,
    unlock: flag,
    ttl: optional(ttlSeconds),
    absolute: flag,
  }),
  detach: detachedSet,
};

/** @param revision written instead of the revision that the client expected */
export function writeSet(w: Writer, m: SetMessage, revision: U64 | undefined = m.revision): void {
  w.u8(setFlags(m, revision));
  writeAddressAndData(w, m.address, m.value);
  if (revision !== undefined) w.u64(revision);
  if (m.ttl !== undefined) w.u32(((m.ttl & TTL_SECONDS) | (m.absolute === true ? ABSOLUTE : 0)) >>> 0);
}

/** @param revision the revision that is written */
export function setFlags(m: SetMessage, revision: U64 | undefined): number {
  return (
    m.value.type |
    (revision === undefined ? 0 : SET_REVISION) |
    (m.lock === true ? LOCK : 0) |
    (m.unlock === true ? UNLOCK : 0) |
    (m.ttl === undefined ? 0 : TTL)
  );
}

function readSet(r: Reader): SetMessage {
  const flags = r.u8();
  const start = r.at;
  const address = r.address();
  const end = r.at;
  const value = behindAddress(readEncodedValue(flags & VALUE_TYPE, r), address, start, end, r);
  const revision = flags & SET_REVISION ? r.u64() : undefined;
  const ttl = flags & TTL ? r.u32() : undefined;
  return {
    type: 'set',
    address,
    value,
    revision,
    lock: flags & LOCK ? true : undefined,
    unlock: flags & UNLOCK ? true : undefined,
    ttl: ttl === undefined ? undefined : ttl & TTL_SECONDS,
    absolute: ttl !== undefined && ttl >= ABSOLUTE ? true : undefined,
  };
}

/** Returns a SET that can be kept: its value owns its bytes. */
export function detachedSet(message: SetMessage): SetMessage {
  return { ...message, value: message.value.copy() };
}

// GET 0x22 (wire.md 6.8)
//   address str

export const getCodec: MessageCodec<GetMessage> = {
  type: 'get',
  code: 0x22,
  defaultQos: () => Qos.Fire,
  read: readGet,
  write: writeGet,
  fields: structure<GetMessage>('get', { type: named('get'), address: text }),
  detach: withoutValues,
};

function writeGet(w: Writer, m: GetMessage): void {
  w.str(m.address);
}

function readGet(r: Reader): GetMessage {
  return { type: 'get', address: r.address() };
}
