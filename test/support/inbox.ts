import type { Observable } from 'rxjs';
import { singly } from '../../src/protocol/frame-run.js';
import type { InboundFrame, SingleFrame } from '../../src/transports/transport.js';

/** Collects the output of a connection, and lets a test wait for it. */
export class Inbox {
  readonly batches: (readonly SingleFrame[])[] = [];
  readonly frames: SingleFrame[] = [];
  /** How the stream ended: 'completed' or the error. */
  readonly ended: Promise<unknown>;
  end: unknown;
  readonly #waiting: {
    readonly isMet: () => boolean;
    readonly resolve: () => void;
    readonly reject: (e: Error) => void;
  }[] = [];

  constructor(batches$: Observable<readonly InboundFrame[]>) {
    this.ended = new Promise((resolve) => {
      const finish = (end: unknown): void => {
        this.end = end;
        resolve(end);
        this.#check();
        for (const { reject } of this.#waiting) reject(new Error(`the stream ended too early: ${String(end)}`));
      };
      batches$.subscribe({
        next: (arrived) => {
          const batch = singly<SingleFrame>(arrived);
          this.batches.push(batch);
          // Bytes are valid only during this call, so they are copied.
          for (const frame of batch) this.frames.push(typeof frame === 'string' ? frame : Uint8Array.from(frame));
          this.#check();
        },
        error: finish,
        complete: () => {
          finish('completed');
        },
      });
    });
  }

  /** Resolves after `count` frames; rejects if the stream ends before. */
  async receive(count: number): Promise<SingleFrame[]> {
    await this.#until(() => this.frames.length >= count);
    return this.frames;
  }

  /** Resolves after `count` batches, including empty ones. */
  async receiveBatches(count: number): Promise<readonly (readonly SingleFrame[])[]> {
    await this.#until(() => this.batches.length >= count);
    return this.batches;
  }

  #until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ isMet, resolve, reject }));
  }

  #check(): void {
    for (const waiting of this.#waiting.filter(({ isMet }) => isMet())) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
  }
}

/** Waits `turns` times for sockets, microtasks and immediates. */
export async function turns(count = 1): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Turns the event loop until a condition is met. Fails shortly before the test's own timeout if it never is. */
export async function until(isMet: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 4_500;
  while (!isMet()) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain until ${isMet.toString()}`);
    await turns();
  }
}
