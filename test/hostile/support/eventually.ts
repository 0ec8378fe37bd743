import { turns } from '../../support/inbox.js';

/** Upper bound for a wait that fails, not an expected duration. */
const GIVE_UP_MS = 20_000;

/** Runs turns of the event loop until a condition holds. @throws Error that names the condition */
export async function eventually(isMet: () => boolean, what: string): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (!isMet()) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain for ${what}`);
    await turns();
  }
}
