import { utf8Length } from '../protocol/address.js';
import { ClaspError, ErrorCode } from '../protocol/errors.js';
import { MAX_PAYLOAD_BYTES } from '../protocol/limits.js';
import type { PublishMessage, SetMessage, SignalDefinition } from '../protocol/messages/message.js';
import type { EncodedValue } from '../protocol/values/encoded-value.js';

/** Bytes of a SNAPSHOT frame with one entry, without address, value and writer (wire.md 13). */
const SNAPSHOT_OVERHEAD_BYTES = 25;
/** A session ID: UUID text. */
const WRITER_BYTES = 36;
/** Maximum bytes of address and value of a SET together. */
export const MAX_SET_BYTES = MAX_PAYLOAD_BYTES - SNAPSHOT_OVERHEAD_BYTES - WRITER_BYTES;
/** Type byte, flags, address length and indicator of a PUBLISH (wire.md 6.6). */
const PUBLISH_FIXED_BYTES = 5;
/** Maximum bytes of the other PUBLISH fields except address and content: type or count, timestamp, ID and rate. */
const PUBLISH_OPTIONAL_BYTES = 2 + 8 + 4 + 4;
/**
 * Maximum bytes of the strings and the default of one announced signal. A RESULT with this definition fits a frame in
 * every encoding, including the field names of CBOR.
 */
export const MAX_DEFINITION_BYTES = 60_000;

/**
 * Checks that a SET fits a frame on output, with revision, writer and time (wire.md 13).
 *
 * @param writer of a param that the program sets; the router's own writers are session IDs
 * @throws ClaspError 402
 */
export function checkSetSize(address: string, value: EncodedValue, writer = ''): void {
  const extraBytes = writer === '' ? 0 : Math.max(0, utf8Length(writer) - WRITER_BYTES);
  checkSize(address, value.byteLength, MAX_SET_BYTES - extraBytes);
}

/**
 * Checks that a PUBLISH fits a frame in compact binary, the encoding of most subscribers. A PUBLISH received in compact
 * binary fits, unless its value has narrow numbers, which are widened.
 *
 * @throws ClaspError 402
 */
export function checkPublishSize(message: PublishMessage): void {
  const { address, value, samples } = message;
  const contentBytes = value?.byteLength ?? 8 * (samples?.length ?? 0);
  // The usual case, without counting.
  if (3 * address.length + contentBytes <= MAX_PAYLOAD_BYTES - PUBLISH_FIXED_BYTES - PUBLISH_OPTIONAL_BYTES) return;
  const size = publishBytes(message);
  if (size <= MAX_PAYLOAD_BYTES) return;
  throw new ClaspError(
    ErrorCode.InvalidValue,
    `PUBLISH too large: its payload is ${size} bytes in compact binary; the limit is ${MAX_PAYLOAD_BYTES}`,
    { address },
  );
}

/** Checks that a RESULT can carry a definition in every encoding. @throws ClaspError 402 */
export function checkDefinitionSize({ address, datatype, access, meta }: SignalDefinition): void {
  let size = meta?.default?.byteLength ?? 0;
  for (const text of [address, datatype, access, meta?.unit, meta?.description]) size += utf8Length(text ?? '');
  if (size <= MAX_DEFINITION_BYTES) return;
  throw new ClaspError(
    ErrorCode.InvalidValue,
    `Signal definition too large: its texts and its default are ${size} bytes; the limit is ${MAX_DEFINITION_BYTES}`,
    { address },
  );
}

/** Checks the limit of this router, which can be lower than the capacity of a frame. @throws ClaspError 402 */
export function checkValueSize({ address, value }: SetMessage | PublishMessage, maxValueBytes: number): void {
  if (value === undefined || value.byteLength <= maxValueBytes) return;
  const text = `Value too large: it is ${value.byteLength} bytes; the limit is ${maxValueBytes}`;
  throw new ClaspError(ErrorCode.InvalidValue, text, { address });
}

function checkSize(address: string, contentBytes: number, limit: number): void {
  if (3 * address.length + contentBytes <= limit) return; // the usual case, without counting
  const size = utf8Length(address) + contentBytes;
  if (size <= limit) return;
  throw new ClaspError(
    ErrorCode.InvalidValue,
    `Value too large: address and value are ${size} bytes; the limit is ${limit}`,
    { address },
  );
}

function publishBytes({ address, value, samples, timestamp, id, rate }: PublishMessage): number {
  let bytes = PUBLISH_FIXED_BYTES + utf8Length(address);
  if (value !== undefined) bytes += 1 + value.byteLength;
  else if (samples !== undefined) bytes += 2 + 8 * samples.length;
  if (timestamp !== undefined) bytes += 8;
  if (id !== undefined) bytes += 4;
  if (rate !== undefined) bytes += 4;
  return bytes;
}
