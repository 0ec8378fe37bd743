import type { Reader } from '../bytes/reader.js';
import type { Message } from '../messages/message.js';
export function isLegacyMap(first: number): boolean { return (first >= 0x80 && first <= 0x8f) || first === 0xde || first === 0xdf; }
export function readLegacyMessage(r: Reader): Message { throw new Error(String(r.at)); }
