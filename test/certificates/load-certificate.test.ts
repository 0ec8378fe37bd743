import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { generate } from 'selfsigned';
import { fingerprint } from '../../src/certificates/index.js';
import { loadCertificate } from '../../src/certificates/load-certificate.js';
import { TransportError } from '../../src/net/transport-error.js';
import { codedError } from '../support/coded-error.js';
import { newCertificate, type TestCertificate } from '../support/certificates.js';
import { asOrdinaryUser, TemporaryFolder } from './temporary-folder.js';

let folder: TemporaryFolder;
let own: TestCertificate;
let other: TestCertificate;
/** The valid pair. */
let certPath: string;
let keyPath: string;
beforeAll(async () => {
  folder = new TemporaryFolder();
  [own, other] = await Promise.all([newCertificate(), newCertificate()]);
  certPath = folder.write('cert.pem', own.cert);
  keyPath = folder.write('key.pem', own.key);
});
afterAll(() => {
  folder.remove();
});

describe('loadCertificate', () => {
  it('reads a certificate and its key', async () => {
    const { cert, key, fingerprint: sha256, validFrom, validTo } = await loadCertificate({ certPath, keyPath });
    expect([cert.trim(), key.trim()]).toEqual([own.cert.trim(), own.key.trim()]);
    expect(sha256).toBe(fingerprint(own.cert));
    const dates = new X509Certificate(own.cert);
    expect([validFrom, validTo]).toEqual([new Date(dates.validFrom).getTime(), new Date(dates.validTo).getTime()]);
  });

  it('rejects an unknown or missing option by name', async () => {
    const call = loadCertificate as (options: unknown) => unknown; // untyped
    const messageOf = async (options: unknown): Promise<string> => (await codedError(() => call(options))).message;
    expect(await messageOf({ certPath, keyFile: keyPath })).toMatch(/^loadCertificate has no option "keyFile"; /);
    expect(await messageOf({ certPath })).toBe('keyPath of loadCertificate must be a text, not undefined');
    expect(await messageOf(undefined)).toBe('the options of loadCertificate must be an object, not undefined');
  });

  it('reads both from one file, and skips other text', async () => {
    const attributes = 'Bag Attributes\r\n    friendlyName: clasp\r\n';
    const both = folder.write('both.pem', `\ufeff${attributes}${own.key}\r\n${attributes}${own.cert}\r\n`);
    const { cert, key } = await loadCertificate({ certPath: both, keyPath: both });
    expect([cert.trim(), key.trim()]).toEqual([own.cert.trim(), own.key.trim()]);
  });

  it("keeps the issuers' certificates in their order", async () => {
    const chain = folder.write('chain.pem', `${own.cert}\n${other.cert}\n`);
    const { cert, fingerprint: sha256 } = await loadCertificate({ certPath: chain, keyPath });
    expect(cert.trim()).toBe(`${own.cert.trim()}\n${other.cert.trim()}`);
    expect(sha256).toBe(fingerprint(own.cert));
  });

  it('accepts a key in the older form', async () => {
    const sec1 = createPrivateKey(own.key).export({ type: 'sec1', format: 'pem' }) as string; // PEM is text
    const { key } = await loadCertificate({ certPath, keyPath: folder.write('sec1.pem', sec1) });
    expect(key).toBe(sec1);
  });

  const pkcs8Encrypted = (): string | Buffer =>
    createPrivateKey(own.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
  const sec1Encrypted = (): string | Buffer =>
    createPrivateKey(own.key).export({ type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
  const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    type: 'spki',
    format: 'pem',
  });
  const damaged = (pem: string): string => pem.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');

  it.each<[string, () => { certPath?: string; keyPath?: string }, RegExp]>([
    [
      'a certificate that is missing',
      () => ({ certPath: folder.at('nothing.pem') }),
      /^the certificate file .+nothing\.pem does not exist; check the option certPath$/,
    ],
    [
      'a key that is missing',
      () => ({ keyPath: folder.at('cert.pem/nothing.pem') }),
      /^the private key file .+nothing\.pem does not exist; check the option keyPath$/,
    ],
    [
      'a folder',
      () => {
        mkdirSync(folder.at('folder'), { recursive: true });
        return { keyPath: folder.at('folder') };
      },
      /folder is a folder; choose the file of the private key in it with the option keyPath$/,
    ],
    [
      'a large file',
      () => ({ certPath: folder.write('film.mov', new Uint8Array(1_048_577)) }),
      /film\.mov has 1048577 bytes, more than a certificate can have; choose another file with the option certPath$/,
    ],
    [
      'a certificate in DER',
      () => ({ certPath: folder.write('cert.der', new X509Certificate(own.cert).raw) }),
      /cert\.der has no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----; convert it, .+ x509 /,
    ],
    [
      'a key that is empty',
      () => ({ keyPath: folder.write('empty.pem', '') }),
      /empty\.pem has no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----; convert it, .+ pkey /,
    ],
    [
      'a certificate cut short',
      () => ({ certPath: folder.write('short.pem', own.cert.slice(0, 200)) }),
      /short\.pem has no certificate in PEM/,
    ],
    [
      'a certificate that is damaged',
      () => ({ certPath: folder.write('damaged.pem', damaged(own.cert)) }),
      /^the certificate in .+damaged\.pem is damaged \([^:]+\); copy it again/,
    ],
    [
      'an issuer that is damaged',
      () => ({ certPath: folder.write('damaged-issuer.pem', own.cert + '\n' + damaged(other.cert)) }),
      /^the certificate in .+damaged-issuer\.pem is damaged/,
    ],
    [
      'a key that is damaged',
      () => ({ keyPath: folder.write('damaged-key.pem', damaged(own.key)) }),
      /^the private key in .+damaged-key\.pem is damaged/,
    ],
    [
      'a key in the place of the certificate',
      () => ({ certPath: keyPath }),
      /key\.pem has a private key and no certificate; the option certPath needs the certificate, and the option keyPath the key$/,
    ],
    [
      'a certificate in the place of the key',
      () => ({ keyPath: certPath }),
      /cert\.pem has a certificate and no private key; the option certPath needs the certificate, and the option keyPath the key$/,
    ],
    [
      'a public key',
      () => ({ keyPath: folder.write('public.pem', publicKey) }),
      /public\.pem has no private key in PEM/,
    ],
    [
      'a key with a passphrase',
      () => ({ keyPath: folder.write('encrypted.pem', pkcs8Encrypted()) }),
      /^the private key in .+encrypted\.pem has a passphrase; store it without one, .+ pkey /,
    ],
    [
      'a key with a passphrase in the older form',
      () => ({ keyPath: folder.write('encrypted-sec1.pem', sec1Encrypted()) }),
      /^the private key in .+encrypted-sec1\.pem has a passphrase/,
    ],
    [
      'a key of another certificate',
      () => ({ keyPath: folder.write('other-key.pem', other.key) }),
      /^the private key in .+other-key\.pem does not belong to the certificate in .+cert\.pem; provide a matching pair/,
    ],
    [
      'an issuer in front',
      () => ({ certPath: folder.write('reversed.pem', `${other.cert}\n${own.cert}`) }),
      /^the certificates in .+reversed\.pem are in the wrong order; put the server's own first/,
    ],
  ])('states what is wrong with %s', async (_, make, sentence) => {
    const error = await fault({ certPath, keyPath, ...make() });
    expect(error.message).toMatch(sentence);
  });

  it('states that a file is not readable', async () => {
    const secret = folder.write('secret.pem', own.key);
    chmodSync(secret, 0o000);
    const error = await asOrdinaryUser(() => fault({ certPath, keyPath: secret }));
    expect(error.message).toMatch(/^this user cannot read the private key file .+secret\.pem; change its owner or/);
  });

  it('states that TLS rejects a certificate as too weak', async () => {
    const weak = folder.write('weak.pem', await weakCertificate());
    const error = await fault({ certPath: weak, keyPath: weak });
    expect(error.message).toMatch(/^TLS rejects the certificate in .+weak\.pem \(ee key too small\); use a stronger/);
  });
});

async function fault(files: { certPath: string; keyPath: string }): Promise<TransportError> {
  const error: unknown = await loadCertificate(files).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TransportError);
  return error as TransportError; // asserted above
}

/** Key and certificate of RSA with 512 bits, which OpenSSL rejects at every security level above 0. */
async function weakCertificate(): Promise<string> {
  const keyPair = generateKeyPairSync('rsa', {
    modulusLength: 512,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const weak = await generate([{ name: 'commonName', value: 'weak' }], {
    keyType: 'rsa',
    algorithm: 'sha256',
    keyPair,
  });
  return weak.private + weak.cert;
}
