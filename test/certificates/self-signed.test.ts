import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  checkServerIdentity as checkIdentity,
  connect,
  createSecureContext,
  createServer,
  type PeerCertificate,
} from 'node:tls';
import { SimulatedClock } from 'xstate';
import type { Certificate } from '../../src/certificates/index.js';
import { selfSigned } from '../../src/certificates/self-signed.js';
import { TransportError } from '../../src/net/transport-error.js';
import { LogLines } from './log-lines.js';
import { codedError } from '../support/coded-error.js';
import { asOrdinaryUser, TemporaryFolder } from './temporary-folder.js';

const DAY_MS = 86_400_000;
const names = ['localhost', '127.0.0.1', '::1', 'stage-pc', 'stage-pc.local', '192.168.1.20'];

let folder: TemporaryFolder;
let dataDir: string;
let clock: SimulatedClock;
let logger: LogLines;
beforeEach(() => {
  folder = new TemporaryFolder();
  dataDir = folder.at('share/clasp-router');
  clock = new SimulatedClock();
  clock.set(Date.UTC(2026, 0, 1, 12));
  logger = new LogLines();
});
afterEach(() => {
  folder.remove();
});

const open = (options: { names?: readonly string[]; dataDir?: string } = {}): Promise<Certificate> =>
  selfSigned({ dataDir, names, clock, logger, ...options });
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const stored = (): string => `${dataDir}/self-signed.pem`;

describe('the first self-signed certificate', () => {
  it('is not created with an unknown option', async () => {
    const call = selfSigned as (options: unknown) => unknown; // untyped
    const messageOf = async (options: unknown): Promise<string> => (await codedError(() => call(options))).message;
    const text = 'selfSigned has no option "name"; did you mean "names"?';
    expect(await messageOf({ dataDir, name: names, clock })).toBe(text);
    expect(await messageOf({ names, clock })).toBe('dataDir of selfSigned must be a text, not undefined');
  });

  it('contains the names of the computer, is limited to servers, and is signed by itself', async () => {
    const { cert } = await open();
    const x509 = new X509Certificate(cert);
    expect(x509.subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:stage-pc, DNS:stage-pc.local, IP Address:192.168.1.20',
    );
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.ca).toBe(false);
    expect(x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']); // extended: serverAuth
  });

  it('has an EC key on P-256, and TLS accepts it', async () => {
    const { cert, key, fingerprint } = await open();
    const { publicKey } = new X509Certificate(cert);
    expect([publicKey.asymmetricKeyType, publicKey.asymmetricKeyDetails]).toEqual(['ec', { namedCurve: 'prime256v1' }]);
    expect(() => createSecureContext({ cert, key })).not.toThrow();
    expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(fingerprint).toBe(new X509Certificate(cert).fingerprint256);
  });

  it('is trusted by clients that have it, under each of its names and no other', async () => {
    clock.set(Date.now()); // clients use their own clocks
    const { cert, key } = await open();
    const server = createServer({ cert, key }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // it listens on a port
    const ca = readFileSync(`${dataDir}/self-signed-certificate.pem`);
    const connecting = async (name: string): Promise<boolean> => {
      const checkServerIdentity = (_: string, peer: PeerCertificate): Error | undefined => checkIdentity(name, peer);
      const socket = connect({ host: '127.0.0.1', port, ca, checkServerIdentity });
      await once(socket, 'secureConnect');
      socket.destroy();
      return socket.authorized;
    };
    try {
      for (const name of names) expect([name, await connecting(name)]).toEqual([name, true]);
      await expect(connecting('192.168.1.21')).rejects.toThrow('192.168.1.21 is not in the cert');
    } finally {
      server.close();
    }
  });

  it('is valid now, also for slow clocks, and for at most 825 days', async () => {
    const { validFrom, validTo } = await open();
    expect(validFrom).toBe(clock.now() - 3_600_000);
    expect((validTo - validFrom) / DAY_MS).toBeLessThanOrEqual(825);
    expect((validTo - clock.now()) / DAY_MS).toBeGreaterThan(800);
  });

  it('is stored so that only its owner can read the key, and others can read the certificate', async () => {
    const { cert, key } = await open();
    expect(readdirSync(dataDir).sort()).toEqual(['self-signed-certificate.pem', 'self-signed.pem']);
    expect(readFileSync(stored(), 'utf8')).toBe(key + cert);
    expect(readFileSync(`${dataDir}/self-signed-certificate.pem`, 'utf8')).toBe(cert);
    if (process.platform === 'win32') return; // no such permissions
    expect([dataDir, stored(), `${dataDir}/self-signed-certificate.pem`].map(modeOf)).toEqual(['700', '600', '644']);
    expect(modeOf(folder.at('share'))).toBe('700');
  });

  it('does not change an existing folder', async () => {
    mkdirSync(dataDir, { recursive: true });
    chmodSync(dataDir, 0o755);
    await open();
    expect(modeOf(dataDir)).toBe('755');
  });
});

describe('a stored self-signed certificate', () => {
  it('is used again, whatever the names are now', async () => {
    const first = await open();
    expect(await open({ names: ['elsewhere'] })).toEqual(first);
    expect(logger.lines).toEqual([]);
  });

  it('is replaced if it expires within 30 days, and not before', async () => {
    const first = await open();
    clock.set(first.validTo - 30 * DAY_MS - 1);
    expect(await open()).toEqual(first);
    clock.increment(1);
    const second = await open();
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect(second.validTo).toBeGreaterThan(first.validTo);
    expect(logger.lines).toEqual([
      'warn: the self-signed certificate expires soon: clients must accept the new fingerprint',
    ]);
    expect(await open()).toEqual(second);
    expect(readdirSync(dataDir)).toHaveLength(2);
    expect(readFileSync(`${dataDir}/self-signed-certificate.pem`, 'utf8')).toBe(second.cert);
  });

  it('is kept while the clock of the computer is behind', async () => {
    const first = await open();
    clock = new SimulatedClock(); // 1970, the initial time of computers without a battery
    expect(await open()).toEqual(first);
  });

  it.each([
    ['empty', () => ''],
    ['cut short', (text: string) => text.slice(0, text.length / 2)],
    ['a file of another program', () => 'my notes'],
  ])('is replaced, with a warning, if the file is %s', async (_, damage) => {
    const first = await open();
    writeFileSync(stored(), damage(readFileSync(stored(), 'utf8')));
    const second = await open();
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect(logger.lines).toEqual([
      'warn: the self-signed certificate is damaged: clients must accept a new fingerprint',
    ]);
    expect(await open()).toEqual(second);
  });

  it('gets its permissions back, with a warning', async () => {
    if (process.platform === 'win32') return; // no such permissions
    const first = await open();
    chmodSync(stored(), 0o640);
    expect(await open()).toEqual(first);
    expect(modeOf(stored())).toBe('600');
    expect(logger.lines).toEqual([
      'warn: other users could read the private key of the router; now only its owner can',
    ]);
  });
});

describe('an unusable data folder', () => {
  const advice = 'choose another folder with the option dataDir, or set the option certPath and the option keyPath';

  it.each([
    ['is a file', () => folder.write('file', ''), 'that is not a folder'],
    ['lies below a file', () => folder.write('file', '') + '/below', 'that is not a folder'],
  ])('causes one sentence if it %s', async (_, make, reason) => {
    const path = make();
    const error = await fault(open({ dataDir: path }));
    expect(error.message).toBe(`cannot store a self-signed certificate in ${path}: ${reason}; ${advice}`);
  });

  it('causes one sentence and leaves no file if it belongs to another user', async () => {
    mkdirSync(dataDir, { recursive: true });
    chmodSync(folder.at('share'), 0o755);
    chmodSync(dataDir, 0o555);
    const error = await asOrdinaryUser(() => fault(open()));
    expect(error.message).toBe(
      `cannot store a self-signed certificate in ${dataDir}: this user may not read and write there; ${advice}`,
    );
    chmodSync(dataDir, 0o755);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('causes one sentence and leaves no file if the key in it is a folder', async () => {
    mkdirSync(stored(), { recursive: true });
    expect((await fault(open())).message).toMatch(/: EISDIR.+; choose another folder/);
    expect(readdirSync(dataDir)).toEqual(['self-signed.pem']);
  });
});

async function fault(promise: Promise<unknown>): Promise<TransportError> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TransportError);
  return error as TransportError; // asserted above
}
