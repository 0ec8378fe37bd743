import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { named, text, token, u64, u8 } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { featureBits, featuresFromBits } from '../enumerations.js';
import { Qos } from '../enumerations.js';
import { type MessageCodec, withoutValues } from './codec.js';
import type { WelcomeMessage } from './message.js';
import { featureNames } from './shared-fields.js';

// WELCOME 0x02 (wire.md 6.2)
//   version u8 · features u8 · time u64 · session str · name str · token str, always present, empty = none

/** Federation has no bit in WELCOME: it is neither written nor reported. */
const WELCOME_FEATURES = 0xf8;

export const welcomeCodec: MessageCodec<WelcomeMessage> = {
  type: 'welcome',
  code: 0x02,
  defaultQos: () => Qos.Fire,
  read: readWelcome,
  write: writeWelcome,
  fields: structure<WelcomeMessage>('welcome', {
    type: named('welcome'),
    version: u8,
    session: text,
    name: text,
    features: featureNames,
    time: u64,
    token,
  }),
  detach: withoutValues,
};

function writeWelcome(w: Writer, m: WelcomeMessage): void {
  w.u8(m.version);
  w.u8(featureBits(m.features, WELCOME_FEATURES));
  w.u64(m.time);
  w.str(m.session);
  w.str(m.name);
  w.str(m.token ?? '');
}

function readWelcome(r: Reader): WelcomeMessage {
  const version = r.u8();
  const features = featuresFromBits(r.u8(), WELCOME_FEATURES);
  const time = r.u64();
  const session = r.str();
  const name = r.str();
  const token = r.str();
  return { type: 'welcome', version, session, name, features, time, token: token === '' ? undefined : token };
}
