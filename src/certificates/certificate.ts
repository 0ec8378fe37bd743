import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { TlsCredentials } from '../net/tls.js';
import { TransportError } from '../net/transport-error.js';
import { messageOf } from './faults.js';
import { pemBlocks } from './pem.js';

/** A key and its certificate, checked: they belong together, and TLS accepts them. */
export interface Certificate extends TlsCredentials {
  /** SHA-256 of the server's own certificate, as `AA:BB:...`. */
  readonly fingerprint: string;
  /** Start and end of the validity, in milliseconds since the Unix epoch. */
  readonly validFrom: number;
  readonly validTo: number;
}

/** The text of a PEM file, and its path for messages. */
export interface PemFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Checks a certificate chain and its private key, which can be in two files or in one. Other text in the files, such
 * as the attributes that OpenSSL writes, is ignored.
 *
 * @throws TransportError that states the fault in one sentence; for expiry see {@link validityWarning}
 */
export function checkCertificate(certFile: PemFile, keyFile: PemFile): Certificate {
  const chain = certificatesIn(certFile);
  const key = privateKeyIn(keyFile);
  const [own, ...issuers] = chain.map((pem) => parsed(() => new X509Certificate(pem), 'certificate', certFile));
  const keyObject = parsed(() => createPrivateKey(key), 'private key', keyFile);
  // A chain has at least one certificate.
  if (!own!.checkPrivateKey(keyObject)) {
    throw new TransportError(
      issuers.some((issuer) => issuer.checkPrivateKey(keyObject))
        ? `the certificates in ${certFile.path} are in the wrong order; put the server's own first, then those of its issuers`
        : `the private key in ${keyFile.path} does not belong to the certificate in ${certFile.path}; provide a matching pair`,
    );
  }
  const cert = chain.map((pem) => `${pem}\n`).join('');
  try {
    createSecureContext({ key, cert });
  } catch (error) {
    throw new TransportError(
      `TLS rejects the certificate in ${certFile.path} (${reasonOf(error)}); use a stronger one`,
      { cause: error },
    );
  }
  return {
    key: `${key}\n`,
    cert,
    fingerprint: own!.fingerprint256,
    validFrom: Date.parse(own!.validFrom),
    validTo: Date.parse(own!.validTo),
  };
}

/**
 * Returns the SHA-256 of a certificate, the first one of a chain, in the form of browsers and `openssl x509
 * -fingerprint -sha256`.
 *
 * @param cert PEM
 * @returns 32 bytes as `AA:BB:...`
 */
export function fingerprint(cert: string): string {
  return new X509Certificate(cert).fingerprint256;
}

/** Returns a sentence if clients will reject the certificate at this time, in milliseconds since the Unix epoch. */
export function validityWarning({ validFrom, validTo }: Certificate, now: number): string | undefined {
  if (now > validTo) return `the certificate expired on ${day(validTo)}, so clients reject it; renew it`;
  if (now < validFrom) {
    return `the certificate is not valid before ${day(validFrom)}, so clients reject it until then; check the clock of this computer`;
  }
  return undefined;
}

function certificatesIn({ path, text }: PemFile): readonly string[] {
  const blocks = pemBlocks(text);
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE');
  if (certificates.length > 0) return certificates.map(({ pem }) => pem);
  throw new TransportError(
    blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))
      ? `${path} has a private key and no certificate; the option certPath needs the certificate, and the option keyPath the key`
      : `${path} has no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----; ` +
          `convert it, for example with openssl x509 -inform DER -in FILE -out cert.pem`,
  );
}

function privateKeyIn({ path, text }: PemFile): string {
  const blocks = pemBlocks(text);
  const key = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (key === undefined) {
    throw new TransportError(
      blocks.some(({ label }) => label === 'CERTIFICATE')
        ? `${path} has a certificate and no private key; the option certPath needs the certificate, and the option keyPath the key`
        : `${path} has no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----; ` +
            `convert it, for example with openssl pkey -inform DER -in FILE -out key.pem`,
    );
  }
  // The two forms of PKCS #8 and of the older keys, RFC 1421.
  if (key.label === 'ENCRYPTED PRIVATE KEY' || key.pem.includes('Proc-Type: 4,ENCRYPTED')) {
    throw new TransportError(
      `the private key in ${path} has a passphrase; ` +
        `store it without one, for example with openssl pkey -in FILE -out key.pem`,
    );
  }
  return key.pem;
}

function parsed<T>(parse: () => T, what: string, { path }: PemFile): T {
  try {
    return parse();
  } catch (error) {
    throw new TransportError(`the ${what} in ${path} is damaged (${reasonOf(error)}); copy it again from its source`, {
      cause: error,
    });
  }
}

/** Returns OpenSSL's reason without its numbers: `ee key too small`. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return /^error:[^]*:([^:]+)$/.exec(message)?.[1] ?? message;
}

function day(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
