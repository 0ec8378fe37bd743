import { utf8Length } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { MAX_PAYLOAD_BYTES } from '../../protocol/limits.js';
import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';

/** Everything in a SNAPSHOT frame of one entry that is neither address, value nor writer (wire.md 13). */
const SNAPSHOT_OVERHEAD_BYTES = 25;
/** A session id: UUID text. */
const WRITER_BYTES = 36;
/** Codes, lengths, indicator, count, timestamp, id and rate of a PUBLISH (wire.md 6.6). */
const PUBLISH_OVERHEAD_BYTES = 24;

/** What fits on the way in may not fit on the way out, with revision, writer and time (wire.md 13). @throws ClaspError 402 */
export function checkSetSize(address: string, value: EncodedValue): void {
  checkSize(address, value.byteLength, MAX_PAYLOAD_BYTES - SNAPSHOT_OVERHEAD_BYTES - WRITER_BYTES);
}

/** Only what came as JSON can be too large here: a text message may be longer than a frame. @throws ClaspError 402 */
export function checkPublishSize({ address, value, samples }: PublishMessage): void {
  const contentBytes = value?.byteLength ?? 8 * (samples?.length ?? 0);
  checkSize(address, contentBytes, MAX_PAYLOAD_BYTES - PUBLISH_OVERHEAD_BYTES);
}

/** What this router takes, which may be less than what a frame can carry. @throws ClaspError 402 */
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
