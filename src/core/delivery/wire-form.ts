import type { Framing } from '../../protocol/framing.js';

/**
 * Serialization of a message for a session: its encoding and its transport framing. A message is written once per form
 * among its recipients, regardless of their number.
 */
export type WireForm = WrittenForm | MessageForm;

export interface WrittenForm {
  /** Index in {@link wireForms}, used for arrays of frame writers. */
  readonly index: number;
  readonly framing: Framing;
  readonly encoding: 'binary' | 'cbor' | 'json';
}

/** Form of in-process sessions: they receive the message object, without serialization. */
export interface MessageForm {
  readonly encoding: 'none';
}

export const messageForm: MessageForm = { encoding: 'none' };

const combinations = [
  ['websocket', 'binary'],
  ['raw', 'binary'],
  ['websocket', 'cbor'],
  ['raw', 'cbor'],
  ['length', 'binary'],
  ['length', 'cbor'],
  ['websocket', 'json'],
] as const satisfies readonly (readonly [Framing, WrittenForm['encoding']])[];

export const wireForms: readonly WrittenForm[] = combinations.map(([framing, encoding], index) => ({
  index,
  framing,
  encoding,
}));

/**
 * Returns the form for a link. JSON exists only as WebSocket text messages. Other links cannot distinguish text from
 * frames and use binary.
 */
export function wireForm(framing: Framing, encoding: WrittenForm['encoding']): WrittenForm {
  const possible = encoding === 'json' && framing !== 'websocket' ? 'binary' : encoding;
  // Every other combination is in the table, because the types of both arguments are closed.
  return wireForms.find((form) => form.framing === framing && form.encoding === possible)!;
}
