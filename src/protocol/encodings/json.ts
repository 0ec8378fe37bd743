import type { Frame } from '../frame.js';
import type { Message } from '../messages/message.js';
export function decodeJson(text: string): Frame { throw new Error(text); }
export function encodeJson(message: Message): string { throw new Error(message.type); }
