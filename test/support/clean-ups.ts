import { afterEach } from '@jest/globals';

/** What the tests of a file have opened. After each test, these functions run, the last one first. */
export const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});
