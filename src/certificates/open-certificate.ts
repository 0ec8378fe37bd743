import { type Logger, silentLogger } from '../core/ports.js';
import { type Clock, systemClock } from '../util/clock.js';
import type { TlsSource } from '../net/tls.js';
import { TransportError } from '../net/transport-error.js';
import { certificateSource } from './certificate-source.js';
import { defaultDataDir } from './data-dir.js';
import { loadCertificate } from './load-certificate.js';
import { machineNames } from './machine-names.js';
import { selfSigned } from './self-signed.js';

export interface OpenCertificateOptions {
  /** PEM file of the certificate and its issuers; with `keyPath`. @default a self-signed certificate */
  readonly certPath?: string | undefined;
  /** PEM file of the private key; with `certPath`. @default a self-signed certificate */
  readonly keyPath?: string | undefined;
  /** Where a self-signed certificate is kept. @default the platform's folder for data, see {@link defaultDataDir} */
  readonly dataDir?: string | undefined;
  /** DNS names and IP addresses in a self-signed certificate. @default those of this computer */
  readonly names?: readonly string[] | undefined;
  /** Says whether a certificate has ended. @default the system's */
  readonly clock?: Clock | undefined;
  /** Hears of renewals and of certificates that cannot be used. @default silent */
  readonly logger?: Logger | undefined;
}

/** The router's certificate, ready for its doors. */
export interface OpenCertificate {
  /** For the `tls` option of a transport. */
  readonly source: TlsSource;
  /** SHA-256 of the certificate in use now, as `AA:BB:...`: what a person compares on first contact. */
  readonly fingerprint: string;
  /** Whether nobody but the router itself vouches for it. */
  readonly selfSigned: boolean;
  /** Looks whether there is a new certificate, and takes it if it is good. Never rejects: the logger hears what is wrong. */
  reload(): Promise<void>;
}

/**
 * The certificate the user gives, or else a self-signed one, made at the first start and kept in the data folder.
 *
 * @throws TransportError with a plain sentence about what is wrong and what to do
 */
export async function openCertificate(options: OpenCertificateOptions = {}): Promise<OpenCertificate> {
  const { certPath, keyPath, clock = systemClock, logger = silentLogger } = options;
  if ((certPath === undefined) !== (keyPath === undefined)) {
    throw new TransportError(
      certPath === undefined
        ? 'a private key needs its certificate; give that with --cert'
        : 'a certificate needs its private key; give that with --key',
    );
  }
  const read =
    certPath !== undefined && keyPath !== undefined
      ? () => loadCertificate({ certPath, keyPath })
      : () => {
          const { dataDir = defaultDataDir(process.platform, process.env), names = machineNames() } = options;
          return selfSigned({ dataDir, names, clock, logger });
        };
  const source = await certificateSource({ read, clock, logger });
  return {
    source,
    get fingerprint() {
      return source.credentials.fingerprint;
    },
    selfSigned: certPath === undefined,
    reload: () => source.reload(),
  };
}
