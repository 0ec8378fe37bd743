import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import type { Message } from '../messages/message.js';
export function isCborMap(first: number): boolean { return (first >= 0xa0 && first <= 0xbb) || first === 0xbf; }
export function readCborMessage(r: Reader): Message { throw new Error(String(r.at)); }
export function writeCborMessage(w: Writer, message: Message): void { throw new Error(String(w.at) + message.type); }
