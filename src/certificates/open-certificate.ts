import { checkNames } from '../util/arguments.js';
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
  /** PEM file of the certificate and its issuers; requires `keyPath`. @default a self-signed certificate */
  readonly certPath?: string | undefined;
  /** PEM file of the private key; requires `certPath`. @default a self-signed certificate */
  readonly keyPath?: string | undefined;
  /** Folder of a self-signed certificate. @default the platform's data folder, see {@link defaultDataDir} */
  readonly dataDir?: string | undefined;
  /** DNS names and IP addresses in a self-signed certificate. @default those of this computer */
  readonly names?: readonly string[] | undefined;
  /** Clock for the validity checks. @default the system clock */
  readonly clock?: Clock | undefined;
  /** Logs renewals and unusable certificates. @default silent */
  readonly logger?: Logger | undefined;
}

const optionNames = {
  certPath: true,
  keyPath: true,
  dataDir: true,
  names: true,
  clock: true,
  logger: true,
} satisfies Record<keyof OpenCertificateOptions, true>;

/** The router's certificate, ready for its listeners. */
export interface OpenCertificate {
  /** For the `tls` option of a transport. */
  readonly source: TlsSource;
  /** SHA-256 of the current certificate, as `AA:BB:...`, which a person compares on first contact. */
  readonly fingerprint: string;
  /** Whether the certificate is self-signed, so that no authority vouches for it. */
  readonly selfSigned: boolean;
  /** Reads the certificate again, and uses a new one if it is valid. Never rejects; faults are logged. */
  reload(): Promise<void>;
}

/**
 * Opens the user's certificate, or else a self-signed one, which is created at the first start and stored in the data
 * folder.
 *
 * @throws TransportError with a sentence that states the fault and the fix
 */
export async function openCertificate(options: OpenCertificateOptions = {}): Promise<OpenCertificate> {
  checkNames('openCertificate', options, Object.keys(optionNames));
  const { certPath, keyPath, clock = systemClock, logger = silentLogger } = options;
  if ((certPath === undefined) !== (keyPath === undefined)) {
    throw new TransportError(
      certPath === undefined
        ? 'a private key needs its certificate; set the option certPath'
        : 'a certificate needs its private key; set the option keyPath',
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
