import { generate } from 'selfsigned';
import type { TlsCredentials } from '../../src/net/tls.js';

/** A server's key and certificate, and the certificate that a client must trust. */
export interface TestCertificate extends TlsCredentials {
  /** PEM: the self-signed certificate. */
  readonly ca: string;
}

let made: Promise<TestCertificate> | undefined;

/** For `localhost` and 127.0.0.1, EC P-256, valid for one day. Created once per test file, different each time. */
export function testCertificate(): Promise<TestCertificate> {
  made ??= newCertificate();
  return made;
}

/** Creates a different certificate per call, like a renewal. */
export async function newCertificate(): Promise<TestCertificate> {
  const hour = 3_600_000;
  const now = Date.now();
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - hour), // clocks differ
    notAfterDate: new Date(now + 24 * hour),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { key: pems.private, cert: pems.cert, ca: pems.cert };
}
