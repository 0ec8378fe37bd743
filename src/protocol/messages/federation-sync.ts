import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { listOf, mapOf, named, oneOf, optional, orEmpty, text, u64 } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { federationOps } from '../enumerations.js';
import { Qos } from '../enumerations.js';
import { DecodeError } from '../errors.js';
import type { U64 } from '../u64.js';
import { type MessageCodec, withoutValues } from './codec.js';
import type { FederationSyncMessage } from './message.js';

// FEDERATION_SYNC 0x04 (wire.md 6.17)
//   op u8, 1..4 · count u16 · count × pattern str · count u16 · count × (address str · revision u64) · flags u8
//   · [sinceRevision u64] · [origin str]
//   flags: 0x80 sinceRevision · 0x40 origin

const SINCE_REVISION = 0x80;
const ORIGIN = 0x40;
const SMALLEST_PATTERN_BYTES = 2;
const SMALLEST_REVISION_BYTES = 10;

export const federationSyncCodec: MessageCodec<FederationSyncMessage> = {
  type: 'federationSync',
  code: 0x04,
  defaultQos: () => Qos.Confirm,
  read: readFederationSync,
  write: writeFederationSync,
  fields: structure<FederationSyncMessage>('federationSync', {
    type: named('federationSync'),
    op: oneOf(federationOps),
    patterns: orEmpty(listOf(text), () => []),
    revisions: orEmpty(mapOf(u64), () => new Map()),
    sinceRevision: optional(u64),
    origin: optional(text),
  }),
  detach: withoutValues,
};

function writeFederationSync(w: Writer, m: FederationSyncMessage): void {
  w.u8(federationOps.indexOf(m.op) + 1);
  w.count(m.patterns.length, 'list of patterns');
  for (const pattern of m.patterns) w.str(pattern);
  w.count(m.revisions.size, 'list of revisions');
  for (const [address, revision] of m.revisions) {
    w.str(address);
    w.u64(revision);
  }
  w.u8((m.sinceRevision === undefined ? 0 : SINCE_REVISION) | (m.origin === undefined ? 0 : ORIGIN));
  if (m.sinceRevision !== undefined) w.u64(m.sinceRevision);
  if (m.origin !== undefined) w.str(m.origin);
}

function readFederationSync(r: Reader): FederationSyncMessage {
  const code = r.u8();
  const op = federationOps[code - 1];
  if (op === undefined) throw new DecodeError('UnknownFederationOp', `federation operation ${code} is not assigned`);
  const patterns: string[] = [];
  for (let left = r.count(SMALLEST_PATTERN_BYTES); left > 0; left--) patterns.push(r.address());
  const revisions = new Map<string, U64>();
  for (let left = r.count(SMALLEST_REVISION_BYTES); left > 0; left--) revisions.set(r.address(), r.u64());
  const flags = r.u8();
  return {
    type: 'federationSync',
    op,
    patterns,
    revisions,
    sinceRevision: flags & SINCE_REVISION ? r.u64() : undefined,
    origin: flags & ORIGIN ? r.str() : undefined,
  };
}
