import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import { SimulatedClock } from 'xstate';
import { certificateSource, fingerprint, type OpenCertificate, openCertificate } from '../../src/certificates/index.js';
import { selfSigned } from '../../src/certificates/self-signed.js';
import type { TlsCredentials } from '../../src/net/tls.js';
import { TransportError } from '../../src/net/transport-error.js';
import { CountingClock } from '../client/scripted-router.js';
import { newCertificate, type TestCertificate } from '../support/certificates.js';
import { WallClock } from '../support/steady-clock.js';
import { LogLines } from './log-lines.js';
import { TemporaryFolder } from './temporary-folder.js';

let folder: TemporaryFolder;
let logger: LogLines;
beforeEach(() => {
  folder = new TemporaryFolder();
  logger = new LogLines();
});
afterEach(() => {
  folder.remove();
});

/** Writes a pair to the files that {@link openFiles} reads. */
function deploy({ cert, key }: TlsCredentials): void {
  folder.write('cert.pem', cert);
  folder.write('key.pem', key);
}

/** Opens the certificate from two files, and collects renewals. */
async function openFiles(): Promise<{ opened: OpenCertificate; renewed: TlsCredentials[] }> {
  const opened = await openCertificate({ certPath: folder.at('cert.pem'), keyPath: folder.at('key.pem'), logger });
  const renewed: TlsCredentials[] = [];
  opened.source.renewed$.subscribe((credentials) => renewed.push(credentials));
  return { opened, renewed };
}

/** Returns a certificate for the years 2026 to 2028. */
async function datedCertificate(): Promise<TlsCredentials> {
  const clock = new SimulatedClock();
  clock.set(Date.UTC(2026, 0, 1));
  return selfSigned({ dataDir: folder.at('dated'), names: ['localhost'], clock });
}

describe('openCertificate', () => {
  it('uses the files of the user', async () => {
    const own = await newCertificate();
    deploy(own);
    const { opened } = await openFiles();
    expect(opened.fingerprint).toBe(fingerprint(own.cert));
    expect(opened.selfSigned).toBe(false);
    expect(opened.source.credentials.cert.trim()).toBe(own.cert.trim());
    expect(logger.lines).toEqual([]);
  });

  it('creates a certificate if there are no files, and finds it the next time', async () => {
    const opened = await openCertificate({ dataDir: folder.at('data') });
    expect(opened.selfSigned).toBe(true);
    expect(opened.fingerprint).toBe(fingerprint(opened.source.credentials.cert));
    expect((await openCertificate({ dataDir: folder.at('data') })).fingerprint).toBe(opened.fingerprint);
  });

  it.each([
    [{ certPath: 'cert.pem' }, 'a certificate needs its private key; set the option keyPath'],
    [{ keyPath: 'key.pem' }, 'a private key needs its certificate; set the option certPath'],
    [
      { certPath: '/nowhere/cert.pem', keyPath: 'key.pem' },
      /^the certificate file \/nowhere\/cert\.pem does not exist;/,
    ],
  ])('states what is wrong with %j', async (options, sentence) => {
    const error: unknown = await openCertificate(options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TransportError);
    expect((error as TransportError).message).toMatch(sentence);
  });

  it.each([
    [
      Date.UTC(2025, 11, 1),
      /^warn: the certificate is not valid before 2025-12-31, so clients reject it until then; check the/,
    ],
    [Date.UTC(2029, 0, 1), /^warn: the certificate expired on 2028-03-\d\d, so clients reject it; renew it$/],
  ])('only warns of a certificate that is not valid at %d', async (now, line) => {
    deploy(await datedCertificate());
    const clock = new SimulatedClock();
    clock.set(now);
    await openCertificate({ certPath: folder.at('cert.pem'), keyPath: folder.at('key.pem'), clock, logger });
    expect(logger.lines).toEqual([expect.stringMatching(line)]);
  });
});

describe('a jump of the wall clock', () => {
  const [WRONG, RIGHT] = [Date.UTC(2020, 0, 1), Date.UTC(2026, 6, 1)];

  /** Returns a clock that is years behind at first. */
  function behind(): WallClock {
    const clock = new WallClock();
    clock.set(WRONG);
    return clock;
  }

  it('past the expiry makes the router create its own certificate again, for new connections', async () => {
    const clock = behind();
    const opened = await openCertificate({ dataDir: folder.at('data'), clock, logger });
    const before = opened.fingerprint;
    const renewal = new Promise<TlsCredentials>((resolve) => opened.source.renewed$.subscribe(resolve));
    clock.aheadMs = RIGHT - WRONG;
    clock.increment(1_000);
    const { cert } = await renewal;
    expect(fingerprint(cert)).toBe(opened.fingerprint);
    expect(opened.fingerprint).not.toBe(before);
    expect(Date.parse(new X509Certificate(cert).validFrom)).toBe(RIGHT - 3_600_000 + 1_000);
    expect(logger.lines).toEqual([
      expect.stringMatching(
        /^warn: after a correction of the clock, the certificate expired on 2022-03-\d\d, so clients/,
      ),
      expect.stringMatching(/^warn: the self-signed certificate expires soon/),
      'info: the certificate was renewed; new connections use it',
    ]);
  });

  it("keeps the user's certificate if it is valid now, without a warning", async () => {
    deploy(await newCertificate());
    const clock = new WallClock();
    clock.set(Date.now());
    const opened = await openCertificate({
      certPath: folder.at('cert.pem'),
      keyPath: folder.at('key.pem'),
      clock,
      logger,
    });
    opened.source.renewed$.subscribe();
    clock.aheadMs = 3_600_000;
    clock.increment(1_000);
    expect(logger.lines).toEqual([]);
  });

  it('is observed only while there is a subscriber', async () => {
    const clock = new CountingClock();
    clock.set(RIGHT);
    const opened = await openCertificate({ dataDir: folder.at('data'), clock, logger });
    expect(clock.timers).toBe(0);
    const [one, other] = [opened.source.renewed$.subscribe(), opened.source.renewed$.subscribe()];
    expect(clock.timers).toBe(1);
    one.unsubscribe();
    other.unsubscribe();
    expect(clock.timers).toBe(0);
  });
});

describe('reload', () => {
  let first: TestCertificate;
  let opened: OpenCertificate;
  let renewed: TlsCredentials[];
  beforeEach(async () => {
    first = await newCertificate();
    deploy(first);
    ({ opened, renewed } = await openFiles());
  });

  it('uses a new certificate', async () => {
    const second = await newCertificate();
    deploy(second);
    await opened.reload();
    expect(renewed.map(({ cert, key }) => [cert.trim(), key.trim()])).toEqual([
      [second.cert.trim(), second.key.trim()],
    ]);
    expect(opened.fingerprint).toBe(fingerprint(second.cert));
    expect(opened.source.credentials).toBe(renewed[0]);
    expect(logger.lines).toEqual(['info: the certificate was renewed; new connections use it']);
  });

  it('emits nothing if nothing has changed', async () => {
    await opened.reload();
    expect(renewed).toEqual([]);
    expect(logger.lines).toEqual(['info: the certificate has not changed']);
  });

  it.each<[string, (second: TestCertificate) => void, RegExp]>([
    [
      'is missing',
      () => rmSync(folder.at('cert.pem')),
      /the certificate file .+cert\.pem does not exist; check the option/,
    ],
    ['is not PEM', () => folder.write('cert.pem', 'half a fi'), /cert\.pem has no certificate in PEM/],
    ['is incomplete', ({ cert }) => folder.write('cert.pem', cert), /key\.pem does not belong to the certificate/],
  ])(
    'keeps the old certificate if the new one %s, and uses the new one once it is valid',
    async (_, spoil, sentence) => {
      const second = await newCertificate();
      spoil(second);
      await opened.reload();
      expect(renewed).toEqual([]);
      expect(opened.fingerprint).toBe(fingerprint(first.cert));
      expect(logger.lines).toEqual([expect.stringMatching(/^error: the certificate is unchanged: /)]);
      expect(logger.lines[0]).toMatch(sentence);
      deploy(second);
      await opened.reload();
      expect(opened.fingerprint).toBe(fingerprint(second.cert));
      expect(renewed).toHaveLength(1);
    },
  );

  it('creates a new self-signed certificate near the expiry of the old one', async () => {
    const clock = new SimulatedClock();
    clock.set(Date.UTC(2026, 0, 1));
    const own = await openCertificate({ dataDir: folder.at('data'), names: ['localhost'], clock });
    const before = own.fingerprint;
    await own.reload();
    expect(own.fingerprint).toBe(before);
    clock.set(Date.UTC(2028, 2, 1));
    await own.reload();
    expect(own.fingerprint).not.toBe(before);
  });
});

describe('a certificate source', () => {
  const dated = async (): Promise<{ first: TestCertificate; now: SimulatedClock }> => {
    const now = new SimulatedClock();
    now.set(Date.now());
    return { first: await newCertificate(), now };
  };
  /** Returns a result of read(), with any dates. */
  const certificate = ({ cert, key }: TlsCredentials, validFrom = -Infinity, validTo = Infinity) =>
    ({ cert, key, fingerprint: fingerprint(cert), validFrom, validTo }) as const;

  it('does not replace a certificate with an expired one', async () => {
    const { first, now } = await dated();
    const ended = certificate(await newCertificate(), 0, now.now() - 86_400_000);
    const reads = [certificate(first), ended];
    const source = await certificateSource({ read: () => Promise.resolve(reads.shift()!), clock: now, logger });
    await source.reload();
    expect(source.credentials.fingerprint).toBe(fingerprint(first.cert));
    expect(logger.lines).toEqual([
      expect.stringMatching(/^error: the certificate is unchanged: of the new one, the certificate expired on 20/),
    ]);
  });

  it('reloads one after the other, so that the last one is used', async () => {
    const { first, now } = await dated();
    const answers: ((read: ReturnType<typeof certificate>) => void)[] = [];
    const read = (): Promise<ReturnType<typeof certificate>> => new Promise((resolve) => answers.push(resolve));
    const opening = certificateSource({ read, clock: now, logger });
    answers.shift()!(certificate(first));
    const source = await opening;
    const reloads = Promise.all([source.reload(), source.reload()]);
    await Promise.resolve();
    expect(answers).toHaveLength(1); // the second waits for the first
    const [second, third] = [await newCertificate(), await newCertificate()];
    answers.shift()!(certificate(second));
    await new Promise((resolve) => setImmediate(resolve));
    answers.shift()!(certificate(third));
    await reloads;
    expect(source.credentials.fingerprint).toBe(fingerprint(third.cert));
  });

  it('survives an internal error', async () => {
    const { first, now } = await dated();
    const reads = [Promise.resolve(certificate(first)), Promise.reject(new TypeError('x is not a function'))];
    reads[1]!.catch(() => undefined); // it rejects before it is read
    const source = await certificateSource({ read: () => reads.shift()!, clock: now, logger });
    await source.reload();
    expect(source.credentials.fingerprint).toBe(fingerprint(first.cert));
    expect(logger.lines).toEqual(['error: the certificate is unchanged: it could not be read again']);
  });
});
