import { expect, it } from '@jest/globals';
import { createToken, openAuthenticator } from '../../src/auth/index.js';
import { openCertificate } from '../../src/certificates/index.js';
import { health } from '../../src/health/index.js';
import { staticFiles } from '../../src/http/static-files/index.js';
import { createRouter, tcp, udp, webSocket } from '../../src/index.js';
import { inspector } from '../../src/inspector/index.js';

/** Calls with one option that does not exist, as a JavaScript program can make them. */
const calls: Readonly<Record<string, (options: never) => unknown>> = {
  createRouter,
  createToken,
  health,
  inspector,
  openAuthenticator,
  openCertificate,
  staticFiles,
  tcp,
  udp,
  webSocket,
};

it.each(Object.entries(calls))('%s refuses an unknown option by its name', async (_, call) => {
  const refused = Promise.resolve().then(() => call({ hots: '127.0.0.1' } as never));
  await expect(refused).rejects.toThrow(/option "hots"/);
});
