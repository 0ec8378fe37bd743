// @ts-check
import { readdirSync, readFileSync } from 'node:fs';
import { DecodeError, decodeFrame, encodeFrame, encodeJson } from 'clasp-router/protocol';

/** Returns the initial frames and texts: the golden vectors, and those of them that CBOR and JSON can express. */
export function readCorpus() {
  const folder = new URL('../../vectors/', import.meta.url);
  const frames = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .flatMap((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
    .flatMap(({ hex }) => (hex === undefined ? [] : [Uint8Array.from(Buffer.from(hex, 'hex'))]));
  const messages = frames.flatMap((frame) => {
    try {
      return [decodeFrame(frame).message];
    } catch (error) {
      if (error instanceof DecodeError) return [];
      throw error;
    }
  });
  return {
    frames: [...frames, ...messages.map((message) => encodeFrame(message, { encoding: 'cbor' }))],
    texts: messages.map((message) => Uint8Array.from(Buffer.from(encodeJson(message)))),
  };
}
