import { named } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { Qos } from '../enumerations.js';
import { type MessageCodec, withoutValues } from './codec.js';
import type { PingMessage, PongMessage } from './message.js';

// PING 0x41 and PONG 0x42 (wire.md 6.12)
//   no body

export const pingCodec: MessageCodec<PingMessage> = {
  type: 'ping',
  code: 0x41,
  defaultQos: () => Qos.Fire,
  read: () => ({ type: 'ping' }),
  write: () => undefined,
  fields: structure<PingMessage>('ping', { type: named('ping') }),
  detach: withoutValues,
};

export const pongCodec: MessageCodec<PongMessage> = {
  type: 'pong',
  code: 0x42,
  defaultQos: () => Qos.Fire,
  read: () => ({ type: 'pong' }),
  write: () => undefined,
  fields: structure<PongMessage>('pong', { type: named('pong') }),
  detach: withoutValues,
};
