// @ts-check
// The fixed answers of the project's own peers.
import { frame, Type } from '../wire/clasp-frames.mjs';

const welcome = frame(Buffer.from([Type.Welcome, 1, 0xf8, ...Buffer.alloc(8), 0, 1, 0x73, 0, 1, 0x72, 0, 0]));
const emptySnapshot = frame(Buffer.from([Type.Snapshot, 0, 0]));

/** The answer to HELLO, as frames. */
export const greeting = [welcome, emptySnapshot];

/** The answer to PING. */
export const pong = frame(Buffer.from([Type.Pong]));
