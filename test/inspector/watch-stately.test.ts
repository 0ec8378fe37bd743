import { describe, expect, it } from '@jest/globals';
import type { FeedMessage, Json } from '../../src/inspector/feed.js';
import type { StatelyStream } from '../../src/inspector/stately/index.js';
import { watchStately } from '../../src/inspector/watch-stately.js';
import { turns } from '../support/inbox.js';

const EVENT_BYTES = 10_000;
const pad = 'x'.repeat(EVENT_BYTES);

/** A number of actors, and the events that the test sends. */
class Actors implements StatelyStream {
  made = 0;
  readonly count: number;
  #listener: ((events: readonly Json[]) => void) | undefined;

  constructor(count: number) {
    this.count = count;
  }

  replay(): readonly Json[] {
    return [...this.replayEach()];
  }

  *replayEach(): Generator<Json> {
    for (let n = 0; n < this.count; n++) {
      this.made++;
      yield { actor: n, pad };
    }
  }

  subscribe(listener: (events: readonly Json[]) => void): () => void {
    this.#listener = listener;
    return () => (this.#listener = undefined);
  }

  get isWatched(): boolean {
    return this.#listener !== undefined;
  }

  happens(...events: readonly Json[]): void {
    this.#listener?.(events);
  }
}

/** Socket of a page whose buffer is drained only by the test. */
class SlowPage {
  readonly told: Json[] = [];
  readonly #held: { readonly bytes: number; readonly done: (error?: Error) => void }[] = [];
  mostHeldBytes = 0;

  readonly send = (text: string, done: (error?: Error) => void): void => {
    const message = JSON.parse(text) as FeedMessage; // format that the view writes
    if (message.type !== 'stately') throw new Error(`that is of another view: ${message.type}`);
    this.told.push(...message.events.map((event) => ({ ...(event as object), pad: '' })));
    this.#held.push({ bytes: Buffer.byteLength(text), done });
    this.mostHeldBytes = Math.max(this.mostHeldBytes, this.heldBytes);
  };

  get heldBytes(): number {
    return this.#held.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Accepts everything that is buffered, and what follows, until nothing is left. */
  async takeAll(): Promise<void> {
    while (this.#held.length > 0) {
      for (const { done } of this.#held.splice(0)) done();
      await turns(1);
    }
  }
}

describe('the view for the Stately inspector', () => {
  it('gives a page that accepts nothing a little, and creates no more than that', async () => {
    const actors = new Actors(10_000); // 100 MB
    const page = new SlowPage();
    watchStately(actors, page.send);
    await turns(100);
    expect(page.heldBytes).toBeGreaterThan(100_000);
    expect(page.heldBytes).toBeLessThan(300_000);
    expect(actors.made).toBe(page.told.length);
  });

  it('sends a slow page every actor once, and then the events since', async () => {
    const actors = new Actors(1_000);
    const page = new SlowPage();
    watchStately(actors, page.send);
    actors.happens({ happened: 1 }, { happened: 2 });
    await page.takeAll();
    const all = Array.from({ length: 1_000 }, (_, actor) => ({ actor, pad: '' }));
    expect(page.told).toEqual([...all, { happened: 1, pad: '' }, { happened: 2, pad: '' }]);
    expect(page.mostHeldBytes).toBeLessThan(300_000);
  });

  it('drops events for a page that is 4 MiB behind, and sends it all actors again', async () => {
    const actors = new Actors(1);
    const page = new SlowPage();
    watchStately(actors, page.send);
    for (let n = 0; n < 600; n++) actors.happens({ happened: n, pad }); // 6 MB
    await page.takeAll();
    const updates = page.told.slice(1, -1);
    expect(updates.length).toBeGreaterThan(410);
    expect(updates.length).toBeLessThan(430);
    expect(updates).toEqual(updates.map((_, happened) => ({ happened, pad: '' })));
    expect(page.told.at(-1)).toEqual({ actor: 0, pad: '' });
    actors.happens({ happened: 'later' });
    expect(page.told.at(-1)).toEqual({ happened: 'later', pad: '' });
  });

  it('creates and sends nothing after it is stopped in the middle', async () => {
    const actors = new Actors(1_000);
    const page = new SlowPage();
    const view = watchStately(actors, page.send);
    view.stop();
    const { made } = actors;
    await page.takeAll();
    expect(actors.made).toBe(made);
    expect(made).toBeLessThan(100);
    expect(actors.isWatched).toBe(false);
  });
});
