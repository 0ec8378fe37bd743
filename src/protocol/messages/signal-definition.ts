import { utf8Length } from '../address.js';
import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { type Field, float, listOf, noMatch, oneOf, optional, text, value } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { signalTypes } from '../enumerations.js';
import { readTypedValue, writeTypedValue } from '../values/encoded-value.js';
import type { SignalDefinition, SignalMeta } from './message.js';

// definition (wire.md 6.3 and 6.15)
//   address str · type u8 · options u8 · [datatype str] · [access str] · [meta]
//   options: 0x01 datatype · 0x02 access · 0x04 meta, in ANNOUNCE only
// meta
//   flags u8 · [unit str] · [min f64 · max f64] · [default typed] · [description str]
//   flags: 0x01 unit · 0x02 range · 0x04 default · 0x08 description

const DATATYPE = 0x01;
const ACCESS = 0x02;
const META = 0x04;

const UNIT = 0x01;
const RANGE = 0x02;
const DEFAULT = 0x04;
const DESCRIPTION = 0x08;

/** Bytes of the address length, type and options of a definition with an empty address (wire.md 13). */
export const SMALLEST_DEFINITION_BYTES = 4;

export function writeSignalDefinition(w: Writer, signal: SignalDefinition, withMeta: boolean): void {
  const { datatype, access } = signal;
  const meta = withMeta ? signal.meta : undefined;
  w.str(signal.address);
  w.u8(signalTypes.indexOf(signal.type));
  w.u8((datatype === undefined ? 0 : DATATYPE) | (access === undefined ? 0 : ACCESS) | (meta === undefined ? 0 : META));
  if (datatype !== undefined) w.str(datatype);
  if (access !== undefined) w.str(access);
  if (meta !== undefined) writeMeta(w, meta);
}

/** Returns the number of bytes that {@link writeSignalDefinition} writes without meta. */
export function definitionLength({ address, datatype, access }: SignalDefinition): number {
  return (
    2 +
    stringLength(address) +
    (datatype === undefined ? 0 : stringLength(datatype)) +
    (access === undefined ? 0 : stringLength(access))
  );
}

function stringLength(text: string): number {
  return 2 + utf8Length(text);
}

export function readSignalDefinition(r: Reader, withMeta: boolean): SignalDefinition {
  const address = r.address();
  const type = signalTypes[r.u8()] ?? 'event'; // an unassigned code reads as event, as in PUBLISH
  const options = r.u8();
  const datatype = options & DATATYPE ? r.str() : undefined;
  const access = options & ACCESS ? r.str() : undefined;
  const meta = withMeta && options & META ? readMeta(r) : undefined;
  return { address, type, datatype, access, meta };
}

function writeMeta(w: Writer, meta: SignalMeta): void {
  const { unit, range, description } = meta;
  w.u8(
    (unit === undefined ? 0 : UNIT) |
      (range === undefined ? 0 : RANGE) |
      (meta.default === undefined ? 0 : DEFAULT) |
      (description === undefined ? 0 : DESCRIPTION),
  );
  if (unit !== undefined) w.str(unit);
  if (range !== undefined) {
    w.f64(range[0]);
    w.f64(range[1]);
  }
  if (meta.default !== undefined) writeTypedValue(w, meta.default);
  if (description !== undefined) w.str(description);
}

function readMeta(r: Reader): SignalMeta {
  const flags = r.u8();
  return {
    unit: flags & UNIT ? r.str() : undefined,
    range: flags & RANGE ? [r.f64(), r.f64()] : undefined,
    default: flags & DEFAULT ? readTypedValue(r) : undefined,
    description: flags & DESCRIPTION ? r.str() : undefined,
  };
}

const floats = listOf(float);

const range: Field<readonly [min: number, max: number]> = {
  expected: 'a list of two numbers, the minimum and the maximum',
  read: (node, reading) => {
    const numbers = floats.read(node, reading);
    if (numbers === noMatch || numbers.length !== 2) return noMatch;
    return [numbers[0]!, numbers[1]!]; // invariant: there are two numbers
  },
  write: floats.write,
};

const meta = structure<SignalMeta>('meta', {
  unit: optional(text),
  range: optional(range),
  default: optional(value),
  description: optional(text),
});

/** A definition in the map-shaped forms. */
export const signalDefinition = structure<SignalDefinition>('signal definition', {
  address: text,
  type: oneOf(signalTypes),
  datatype: optional(text),
  access: optional(text),
  meta: optional(meta),
});

/** Returns a definition whose default value owns its bytes. */
export function detachedDefinition(signal: SignalDefinition): SignalDefinition {
  const { meta } = signal;
  return meta?.default === undefined ? signal : { ...signal, meta: { ...meta, default: meta.default.copy() } };
}
