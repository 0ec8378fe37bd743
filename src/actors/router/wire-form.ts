import type { Framing } from '../../protocol/framing.js';

/**
 * How a message is written for a session: its encoding and what its transport needs in front. A message is written once
 * for each form among its recipients, however many they are.
 */
export interface WireForm {
  /** Place in {@link wireForms}; lanes and recipient lists are arrays by this index. */
  readonly index: number;
  readonly framing: Framing;
  readonly encoding: 'binary' | 'cbor' | 'json';
}

const combinations = [
  ['websocket', 'binary'],
  ['raw', 'binary'],
  ['websocket', 'cbor'],
  ['raw', 'cbor'],
  ['length', 'binary'],
  ['length', 'cbor'],
  ['websocket', 'json'],
] as const satisfies readonly (readonly [Framing, WireForm['encoding']])[];

export const wireForms: readonly WireForm[] = combinations.map(([framing, encoding], index) => ({
  index,
  framing,
  encoding,
}));

/** JSON exists as WebSocket text messages only: on other links nothing tells a text from a frame, so binary is sent. */
export function wireForm(framing: Framing, encoding: WireForm['encoding']): WireForm {
  const possible = encoding === 'json' && framing !== 'websocket' ? 'binary' : encoding;
  // Every other combination is in the table: the types of both arguments are closed.
  return wireForms.find((form) => form.framing === framing && form.encoding === possible)!;
}
