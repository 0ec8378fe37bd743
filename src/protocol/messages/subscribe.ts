import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { float, named, optional, text, u32 } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { signalTypeMask, signalTypesFromMask } from '../enumerations.js';
import { Qos } from '../enumerations.js';
import { type MessageCodec, withoutValues } from './codec.js';
import type { SubscribeMessage, SubscribeOptions, UnsubscribeMessage } from './message.js';
import { typeFilter } from './shared-fields.js';

// SUBSCRIBE 0x10 (wire.md 6.4)
//   id u32 · pattern str · types u8, 0xFF = all · options u8 · [maxRate u32] · [epsilon f64] · [history u32] · [window u32]
//   options: 0x01 maxRate · 0x02 epsilon · 0x04 history · 0x08 window

const MAX_RATE = 0x01;
const EPSILON = 0x02;
const HISTORY = 0x04;
const WINDOW = 0x08;

const subscribeOptions = structure<SubscribeOptions>('subscribe options', {
  maxRate: optional(u32),
  epsilon: optional(float),
  history: optional(u32),
  window: optional(u32),
});

export const subscribeCodec: MessageCodec<SubscribeMessage> = {
  type: 'subscribe',
  code: 0x10,
  defaultQos: () => Qos.Confirm,
  read: readSubscribe,
  write: writeSubscribe,
  fields: structure<SubscribeMessage>('subscribe', {
    type: named('subscribe'),
    id: u32,
    pattern: text,
    types: typeFilter,
    options: optional(subscribeOptions),
  }),
  detach: withoutValues,
};

function writeSubscribe(w: Writer, m: SubscribeMessage): void {
  const { maxRate, epsilon, history, window } = m.options ?? {};
  w.u32(m.id);
  w.str(m.pattern);
  w.u8(signalTypeMask(m.types));
  w.u8(
    (maxRate === undefined ? 0 : MAX_RATE) |
      (epsilon === undefined ? 0 : EPSILON) |
      (history === undefined ? 0 : HISTORY) |
      (window === undefined ? 0 : WINDOW),
  );
  if (maxRate !== undefined) w.u32(maxRate);
  if (epsilon !== undefined) w.f64(epsilon);
  if (history !== undefined) w.u32(history);
  if (window !== undefined) w.u32(window);
}

function readSubscribe(r: Reader): SubscribeMessage {
  const id = r.u32();
  const pattern = r.address();
  const types = signalTypesFromMask(r.u8());
  // The embedded crate of 3.1.0 ends the message here, which means no options (wire.md 14).
  const flags = r.left === 0 ? 0 : r.u8();
  return { type: 'subscribe', id, pattern, types, options: flags === 0 ? undefined : readOptions(r, flags) };
}

function readOptions(r: Reader, flags: number): SubscribeOptions {
  return {
    maxRate: flags & MAX_RATE ? r.u32() : undefined,
    epsilon: flags & EPSILON ? r.f64() : undefined,
    history: flags & HISTORY ? r.u32() : undefined,
    window: flags & WINDOW ? r.u32() : undefined,
  };
}

// UNSUBSCRIBE 0x11 (wire.md 6.5)
//   id u32

export const unsubscribeCodec: MessageCodec<UnsubscribeMessage> = {
  type: 'unsubscribe',
  code: 0x11,
  defaultQos: () => Qos.Confirm,
  read: readUnsubscribe,
  write: writeUnsubscribe,
  fields: structure<UnsubscribeMessage>('unsubscribe', { type: named('unsubscribe'), id: u32 }),
  detach: withoutValues,
};

function writeUnsubscribe(w: Writer, m: UnsubscribeMessage): void {
  w.u32(m.id);
}

function readUnsubscribe(r: Reader): UnsubscribeMessage {
  return { type: 'unsubscribe', id: r.u32() };
}
