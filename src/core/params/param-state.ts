import { parseAddress } from '../../protocol/address.js';
import { jsonOfMessage, messageOfJson } from '../../protocol/encodings/json.js';
import { jsonOfValue, valueOfJson } from '../../protocol/encodings/json-value.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import { encodeValue } from '../../protocol/values/encoded-value.js';
import type { Param } from './param.js';
import type { ParamState, RestoredParam } from './stored-param.js';
import { protocolTimeOf } from './write-time.js';
import { checkSetSize } from '../size-limits.js';
import type { LibraryErrorCode } from '../../util/library-errors.js';

/**
 * Persisted state of a router, as JSON. It contains no locks, sessions or subscriptions, because their holders do not
 * exist after a restart.
 */
export interface RouterState {
  readonly version: 1;
  /** Protocol time of the state. Absent in states of earlier versions. */
  readonly savedAtMicros?: number;
  readonly params: readonly ParamState[];
  /** Last revisions of removed params, so that a recreated param does not restart at 1. */
  readonly gone: readonly (readonly [address: string, revision: number])[];
  /** Announced signals, as in a JSON ANNOUNCE. */
  readonly signals: readonly unknown[];
}

/** A validated state. */
export interface RestoredState {
  readonly savedAtMicros?: number;
  readonly params: readonly RestoredParam[];
  readonly gone: readonly (readonly [address: string, revision: number])[];
  readonly signals: readonly SignalDefinition[];
  /** See `RestoredParams`. @default false */
  readonly isLimited?: boolean;
}

/** Thrown for an invalid router state. The message is one plain sentence. */
export class RouterStateError extends Error {
  override readonly name = 'RouterStateError';
  readonly code = 'CLASP_ERR_ROUTER_STATE' satisfies LibraryErrorCode;
}

export function stateOfParam(param: Param, protocolAheadMicros: number): ParamState {
  const { address, value, revision, writer, writtenAt, ttlMicros, ttlIsAbsolute, expiresAtMicros } = param;
  return {
    address,
    value: jsonOfValue(value.decode()),
    revision,
    writer,
    timestampMicros: protocolTimeOf(writtenAt, protocolAheadMicros),
    ...(ttlMicros > 0 && { ttlSeconds: ttlMicros / 1_000_000 }),
    ...(ttlIsAbsolute && { absolute: true }),
    ...(expiresAtMicros !== Infinity && { expiresAtMicros: expiresAtMicros + protocolAheadMicros }),
  };
}

export function stateOfSignal(signal: SignalDefinition): unknown {
  const { signals } = jsonOfMessage({ type: 'announce', namespace: '', signals: [signal] }) as {
    readonly signals: readonly unknown[]; // in the current format
  };
  return signals[0];
}

/**
 * Validates a state, which can come from an edited file.
 *
 * @throws RouterStateError
 */
export function readState(state: unknown): RestoredState {
  if (!isRecord(state) || state.version !== 1) throw new RouterStateError('this is no state of a router, version 1');
  const { savedAtMicros } = state;
  return {
    ...(savedAtMicros !== undefined && { savedAtMicros: timeOf(savedAtMicros) }),
    params: listOf(state, 'params').map((param, i) => located(`params[${i}]`, () => readParam(param))),
    gone: listOf(state, 'gone').map((pair, i) => located(`gone[${i}]`, () => readTombstone(pair))),
    signals: listOf(state, 'signals').map((signal, i) => located(`signals[${i}]`, () => readSignal(signal))),
  };
}

function readParam(param: unknown): RestoredParam {
  if (!isRecord(param)) throw new Error('it is no object');
  const { address, value, revision, writer, timestampMicros, ttlSeconds, absolute, expiresAtMicros } = param;
  const checked = {
    address: parseAddress(text(address, 'address')),
    value: encodeValue(valueOfJson(value)),
    writer: text(writer, 'writer'),
  };
  checkSetSize(checked.address, checked.value, checked.writer); // otherwise no SNAPSHOT could carry it
  return {
    ...checked,
    revision: number(revision, 'revision', 1),
    timestampMicros: number(timestampMicros, 'timestampMicros', 0),
    ...(ttlSeconds !== undefined && { ttlSeconds: number(ttlSeconds, 'ttlSeconds', 0) }),
    ...(absolute === true && { absolute }),
    ...(expiresAtMicros !== undefined && { expiresAtMicros: number(expiresAtMicros, 'expiresAtMicros', 0) }),
  };
}

function readTombstone(pair: unknown): readonly [string, number] {
  if (!Array.isArray(pair)) throw new Error('it is no pair');
  const [address, revision] = pair as readonly unknown[];
  return [text(address, 'the first of it'), number(revision, 'the second of it', 1)];
}

function readSignal(signal: unknown): SignalDefinition {
  const message = messageOfJson({ type: 'announce', namespace: '', signals: [signal] });
  const [definition] = message.type === 'announce' ? message.signals : [];
  if (definition === undefined) throw new Error('it is no signal');
  return definition;
}

/** @throws RouterStateError that states the position of the error */
function located<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RouterStateError(`the state of the router is damaged at ${place}: ${why}`);
  }
}

function timeOf(savedAtMicros: unknown): number {
  if (typeof savedAtMicros === 'number' && savedAtMicros >= 0) return savedAtMicros;
  throw new RouterStateError('the state of the router is damaged: savedAtMicros is no number of at least 0');
}

function listOf(state: Readonly<Record<string, unknown>>, key: string): readonly unknown[] {
  const list = state[key];
  if (!Array.isArray(list)) throw new RouterStateError(`the state of the router is damaged: ${key} is no list`);
  return list;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
}

function number(value: unknown, name: string, least: number): number {
  if (typeof value !== 'number' || !(value >= least)) throw new Error(`${name} is no number of at least ${least}`);
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
