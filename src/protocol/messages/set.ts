import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import type { U64 } from '../u64.js';
import { behindAddress, readEncodedValue, writeAddressAndData } from '../values/encoded-value.js';
import type { GetMessage, SetMessage } from './message.js';

// SET 0x21 (wire.md 6.7) — write a param
//   flags u8 · address str · value data, no type byte · [revision u64] · [ttl u32]
//   flags: 0x80 revision · 0x40 lock · 0x20 unlock · 0x10 ttl · 0x0F value type
//   ttl (wire.md 11): 0 never · low 31 bits seconds · 0x80000000 counted from the write, otherwise from the last use

const REVISION = 0x80;
const LOCK = 0x40;
const UNLOCK = 0x20;
const TTL = 0x10;
const VALUE_TYPE = 0x0f;

const ABSOLUTE = 0x8000_0000;
const TTL_SECONDS = 0x7fff_ffff;

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
    (revision === undefined ? 0 : REVISION) |
    (m.lock === true ? LOCK : 0) |
    (m.unlock === true ? UNLOCK : 0) |
    (m.ttl === undefined ? 0 : TTL)
  );
}

export function readSet(r: Reader): SetMessage {
  const flags = r.u8();
  const start = r.at;
  const address = r.address();
  const end = r.at;
  const value = behindAddress(readEncodedValue(flags & VALUE_TYPE, r), address, start, end, r);
  const revision = flags & REVISION ? r.u64() : undefined;
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

// GET 0x22 (wire.md 6.8)
//   address str

export function writeGet(w: Writer, m: GetMessage): void {
  w.str(m.address);
}

export function readGet(r: Reader): GetMessage {
  return { type: 'get', address: r.address() };
}
