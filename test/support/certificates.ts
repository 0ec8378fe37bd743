import { generate } from 'selfsigned';
import type { TlsCredentials } from '../../src/net/tls.js';

/** A server's key and certificate, and what a client has to trust. */
export interface TestCertificate extends TlsCredentials {
  /** PEM: the certificate itself, which nobody else signed. */
  readonly ca: string;
}

let made: Promise<TestCertificate> | undefined;

/** For `localhost` and 127.0.0.1, EC P-256, valid for a day. Made once per test file; never twice the same. */
export function testCertificate(): Promise<TestCertificate> {
  made ??= newCertificate();
  return made;
}

/** Another one each time, as a renewal brings it. */
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
