/**
 * A CLASP value in a program (wire.md 4.1). The two numeric types never mix: a Float is a `number`, an Int is a
 * `bigint`. A map is a `Map`, so `__proto__` and integer-like keys are data and keep the order of the wire.
 */
export type Value =
  null | boolean | number | bigint | string | Uint8Array | readonly Value[] | ReadonlyMap<string, Value>;

/** Codes of the value types. Int8 to Int32 and Float32 are read and widened, never written. */
export const ValueType = {
  Null: 0x00,
  Bool: 0x01,
  Int8: 0x02,
  Int16: 0x03,
  Int32: 0x04,
  Int64: 0x05,
  Float32: 0x06,
  Float64: 0x07,
  String: 0x08,
  Bytes: 0x09,
  Array: 0x0a,
  Map: 0x0b,
} as const;

export type ValueType = (typeof ValueType)[keyof typeof ValueType];

/** The minimum and maximum Int. */
export const INT_MIN = -0x8000_0000_0000_0000n;
export const INT_MAX = 0x7fff_ffff_ffff_ffffn;

/** Smallest encodings inside a container, for checking counts before any allocation (13). */
export const SMALLEST_ELEMENT_BYTES = 1;
export const SMALLEST_ENTRY_BYTES = 3;
