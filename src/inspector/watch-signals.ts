import type { ParamQueryResult, ParamQuery, ParamView } from '../core/system/param-query.js';
import type { Clock } from '../util/clock.js';
import { ClaspError } from '../protocol/errors.js';
import { jsonOfValue } from '../protocol/encodings/json-value.js';
import type { Value } from '../protocol/values/value.js';
import type { Json, SignalRow } from './feed.js';
import { repeat } from './repeat.js';
import { holdsSecret, isSecretAddress } from './secrets.js';
import type { RunningView, SendFeed } from './views.js';

const PERIOD_MS = 250;
const MAX_ROWS = 2_000;
const MAX_LOOKED = 20_000;
/** Maximum size of a value that is sent. */
const MAX_VALUE_BYTES = 2_048;

export interface SignalsSource {
  readonly params: (question: ParamQuery) => ParamQueryResult | ClaspError;
  /** Names of the present sessions, by id. */
  readonly names: () => ReadonlyMap<string, string>;
}

/** Sends the matching params, and then the changes. */
export function watchSignals(source: SignalsSource, pattern: string, clock: Clock, sendFeed: SendFeed): RunningView {
  /** Short mark of the sent version of each param. */
  const sent = new Map<string, string>();
  let refused: string | undefined;
  const question = { pattern, limit: MAX_ROWS, maxLooked: MAX_LOOKED, maxValueBytes: MAX_VALUE_BYTES };
  return repeat(clock, PERIOD_MS, () => {
    const answer = source.params(question);
    if (answer instanceof ClaspError) {
      if (refused !== answer.message) sendFeed({ type: 'refused', text: answer.message });
      refused = answer.message; // reported once
      return;
    }
    refused = undefined;
    const names = source.names();
    const rows: SignalRow[] = [];
    const removed = new Set(sent.keys());
    for (const param of answer.params) {
      removed.delete(param.address);
      const mark = markOf(param);
      if (sent.get(param.address) === mark) continue;
      sent.set(param.address, mark);
      rows.push(rowOf(param, names));
    }
    for (const address of removed) sent.delete(address);
    const { total, isCut, nowMicros } = answer;
    sendFeed({ type: 'signals', pattern, nowMs: nowMicros / 1_000, total, isCut, rows, removed: [...removed] });
  });
}

/** Returns everything that can change in a row. */
function markOf({ revision, timestampMicros, holder, expiresAtMicros, subscribers }: ParamView): string {
  return `${revision} ${timestampMicros} ${holder ?? ''} ${expiresAtMicros} ${subscribers}`;
}

function rowOf(param: ParamView, names: ReadonlyMap<string, string>): SignalRow {
  const { address, value, byteLength, revision, writer, timestampMicros, holder, expiresAtMicros, subscribers } = param;
  const isHidden = isSecretAddress(address) || (value !== undefined && holdsSecret(value));
  return {
    address,
    ...(isHidden ? { isHidden } : value !== undefined && { value: jsonOf(value) }),
    kind: value === undefined ? 'too large' : kindOf(value),
    byteLength,
    revision,
    writer: nameOf(writer, names),
    writtenMs: timestampMicros / 1_000,
    ...(holder !== undefined && { lockedBy: nameOf(holder, names) }),
    ...(expiresAtMicros !== Infinity && { expiresMs: expiresAtMicros / 1_000 }),
    subscribers,
  };
}

/** Two tablets can have the same name. A session without a name is shown by the beginning of its id. */
function nameOf(id: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(id);
  return name === undefined || name === '' ? id.slice(0, 8) : name;
}

/** Converts a value to the form of JSON messages. */
export function jsonOf(value: Value): Json {
  return jsonOfValue(value) as Json; // the result is meant for JSON.stringify
}

export function kindOf(value: Value): string {
  switch (typeof value) {
    case 'number':
      return 'float';
    case 'bigint':
      return 'int';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    default:
      if (value === null) return 'null';
      if (value instanceof Uint8Array) return 'bytes';
      return value instanceof Map ? 'map' : 'list';
  }
}
