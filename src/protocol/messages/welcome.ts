import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { featureBits, featuresFromBits } from '../enumerations.js';
import type { WelcomeMessage } from './message.js';

// WELCOME 0x02 (wire.md 6.2)
//   version u8 · features u8 · time u64 · session str · name str · token str, always present, empty = none

/** Federation has no bit in WELCOME: it is neither written nor reported. */
const WELCOME_FEATURES = 0xf8;

export function writeWelcome(w: Writer, m: WelcomeMessage): void {
  w.u8(m.version);
  w.u8(featureBits(m.features, WELCOME_FEATURES));
  w.u64(m.time);
  w.str(m.session);
  w.str(m.name);
  w.str(m.token ?? '');
}

export function readWelcome(r: Reader): WelcomeMessage {
  const version = r.u8();
  const features = featuresFromBits(r.u8(), WELCOME_FEATURES);
  const time = r.u64();
  const session = r.str();
  const name = r.str();
  const token = r.str();
  return { type: 'welcome', version, session, name, features, time, token: token === '' ? undefined : token };
}
