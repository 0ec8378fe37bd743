import { turns } from '../../support/inbox.js';

/** A ceiling for whoever waits in vain, not an expectation. */
const GIVE_UP_MS = 20_000;

/** Gives the event loop turns until a condition holds. @throws Error that says what did not come true */
export async function eventually(isMet: () => boolean, what: string): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (!isMet()) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain for ${what}`);
    await turns();
  }
}
