import type { Duplex } from 'node:stream';
import { Deframer } from '../../protocol/deframer.js';
import { DecodeError } from '../../protocol/errors.js';
import { framingLength, writeFraming } from '../../protocol/framing.js';
import { LengthDeframer } from '../../protocol/length-deframer.js';

/** Framing on a byte stream: each frame after its length, or adjacent frames. */
export type StreamFraming = 'length' | 'raw';

export interface ByteStreamOptions {
  readonly framing: StreamFraming;
  readonly received: (frames: readonly Uint8Array[]) => void;
  /** Called when the stream is invalid. Nothing is received afterwards. */
  readonly broken: (fault: Error) => void;
}

/** Frames over a byte stream. */
export class ByteStream {
  readonly #stream: Duplex;
  readonly #options: ByteStreamOptions;
  readonly #deframer: Deframer | LengthDeframer;
  #isBroken = false;

  constructor(stream: Duplex, options: ByteStreamOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#deframer = options.framing === 'raw' ? new Deframer() : new LengthDeframer();
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
  }

  get bufferedBytes(): number {
    return this.#stream.writableLength;
  }

  send(frame: Uint8Array): void {
    if (!this.#stream.writable) return;
    const { framing } = this.#options;
    const front = framingLength(framing, frame.length);
    if (front === 0) {
      this.#stream.write(frame);
      return;
    }
    const bytes = new Uint8Array(front + frame.length); // one write, so that it is one packet
    writeFraming(framing, bytes, 0, frame.length, false);
    bytes.set(frame, front);
    this.#stream.write(bytes);
  }

  readonly #onData = (chunk: Buffer): void => {
    const frames = this.#cut(chunk);
    if (frames.length > 0) this.#options.received(frames);
    const { fault } = this.#deframer;
    if (fault !== undefined)
      this.#break(new Error(`the router violated the framing: ${fault.message}`, { cause: fault }));
  };

  readonly #onEnd = (): void => {
    const { pendingBytes } = this.#deframer;
    if (pendingBytes > 0)
      this.#break(new Error(`the router disconnected inside a frame, after ${pendingBytes} of its bytes`));
  };

  #cut(chunk: Uint8Array): readonly Uint8Array[] {
    try {
      return this.#deframer.push(chunk);
    } catch (error) {
      if (error instanceof DecodeError) return []; // `fault` reports it too
      throw error;
    }
  }

  #break(fault: Error): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#options.broken(fault);
  }
}
