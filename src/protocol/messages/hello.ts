import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { boolean, named, optional, text, token, u8 } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { featureBits, featuresFromBits } from '../enumerations.js';
import { Qos } from '../enumerations.js';
import { type MessageCodec, withoutValues } from './codec.js';
import type { HelloMessage } from './message.js';
import { featureNames } from './shared-fields.js';

// HELLO 0x01 (wire.md 6.1)
//   version u8 · features u8 · name str · token str, always present, empty = none

/** All six features have a bit in HELLO. */
const HELLO_FEATURES = 0xfc;

const capabilities = structure<NonNullable<HelloMessage['capabilities']>>('capabilities', {
  encryption: optional(boolean),
  compression: optional(text),
});

export const helloCodec: MessageCodec<HelloMessage> = {
  type: 'hello',
  code: 0x01,
  defaultQos: () => Qos.Fire,
  read: readHello,
  write: writeHello,
  fields: structure<HelloMessage>('hello', {
    type: named('hello'),
    version: u8,
    name: text,
    features: featureNames,
    token,
    capabilities: optional(capabilities),
  }),
  detach: withoutValues,
};

function writeHello(w: Writer, m: HelloMessage): void {
  w.u8(m.version);
  w.u8(featureBits(m.features, HELLO_FEATURES));
  w.str(m.name);
  w.str(m.token ?? '');
}

function readHello(r: Reader): HelloMessage {
  const version = r.u8();
  const features = featuresFromBits(r.u8(), HELLO_FEATURES);
  const name = r.str();
  const token = r.str();
  return { type: 'hello', version, name, features, token: token === '' ? undefined : token };
}
