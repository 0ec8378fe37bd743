import type { Framing } from '../../protocol/framing.js';

/**
 * How a message is written for a session: its encoding and what its transport needs in front. A message is written once
 * for each form among its recipients, however many they are.
 */
export type WireForm = WrittenForm | MessageForm;

export interface WrittenForm {
  /** Place in {@link wireForms}; lanes are arrays by this index. */
  readonly index: number;
  readonly framing: Framing;
  readonly encoding: 'binary' | 'cbor' | 'json';
}

/** For a session inside the process: it is handed the message itself, and nothing is written. */
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

/** JSON exists as WebSocket text messages only: on other links nothing tells a text from a frame, so binary is sent. */
export function wireForm(framing: Framing, encoding: WrittenForm['encoding']): WrittenForm {
  const possible = encoding === 'json' && framing !== 'websocket' ? 'binary' : encoding;
  // Every other combination is in the table: the types of both arguments are closed.
  return wireForms.find((form) => form.framing === framing && form.encoding === possible)!;
}
