import { frameScannerModule } from './frame-scanner-module.js';

/** Places in the memory of the module, as in frame-scanner.wat. */
const INPUT = 16;
const OUTPUT = 131_072;
/** Index of the results. */
const OUTPUT_END = 0;
const FRAME_COUNT = 1;

/** What is used of WebAssembly. The types of Node.js lack it. */
interface WebAssemblyApi {
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: ScannerExports };
}

interface ScannerExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly scan: (at: number, end: number, maxLength: number) => number;
}

/**
 * Reads and unmasks adjacent WebSocket frames in WebAssembly with vectors of 16 bytes (frame-scanner.wat). It reads the
 * frames that contain exactly one CLASP frame without a timestamp, and no others.
 */
export class FrameScanner {
  /** Maximum bytes of a read: as many as Node.js reads from a socket at once. */
  static readonly maxBytes = 65_536;

  readonly #scan: ScannerExports['scan'];
  readonly #memory: Uint8Array;
  readonly #results: Int32Array;
  #loads = 0;

  /** Returns a scanner, or undefined if this process has no WebAssembly with vectors. */
  static create(): FrameScanner | undefined {
    const api = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyApi | undefined; // undefined with --jitless
    const bytes = Uint8Array.from(atob(frameScannerModule), (char) => char.charCodeAt(0));
    if (api?.validate(bytes) !== true) return undefined;
    try {
      return new FrameScanner(new api.Instance(new api.Module(bytes)).exports);
    } catch (error) {
      if (error instanceof RangeError) return undefined; // no memory, such as with a limit of virtual memory
      throw error;
    }
  }

  private constructor({ memory, scan }: ScannerExports) {
    this.#scan = scan;
    this.#memory = new Uint8Array(memory.buffer);
    this.#results = new Int32Array(memory.buffer);
  }

  /** Number of frames that the last {@link scan} has read. */
  get count(): number {
    return this.#results[FRAME_COUNT]!; // the memory has a fixed size
  }

  /** Reads copied so far. If it has changed since {@link load}, the scanner has another read. */
  get loads(): number {
    return this.#loads;
  }

  /** Copies a read, at most {@link FrameScanner.maxBytes}, for {@link scan}. @returns its number, as {@link loads} */
  load(chunk: Uint8Array): number {
    this.#memory.set(chunk, INPUT);
    return ++this.#loads;
  }

  /**
   * Reads frames from an offset of the copied read to its end.
   *
   * @param maxLength maximum payload of a frame
   * @returns the offset of the first frame that is incomplete or of another kind
   */
  scan(at: number, end: number, maxLength: number): number {
    return this.#scan(INPUT + at, INPUT + end, maxLength) - INPUT;
  }

  /** Copies the unmasked payloads of the last {@link scan}, adjacent. @returns their end */
  copyTo(bytes: Uint8Array, at: number): number {
    const end = this.#results[OUTPUT_END]!; // as above
    bytes.set(this.#memory.subarray(OUTPUT, end), at);
    return at + end - OUTPUT;
  }
}

let shared: FrameScanner | undefined;
let isCreated = false;

/**
 * Returns the scanner of this process, which is made at the first call. A reader whose callback lets another one scan
 * continues without it.
 */
export function sharedScanner(): FrameScanner | undefined {
  if (!isCreated) {
    isCreated = true;
    shared = FrameScanner.create();
  }
  return shared;
}
