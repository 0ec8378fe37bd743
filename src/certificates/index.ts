/**
 * The router's key and certificate: PEM files of the user, or a self-signed certificate that is created at the first
 * start.
 */

export { type OpenCertificate, openCertificate, type OpenCertificateOptions } from './open-certificate.js';
export { certificateSource, type CertificateSource, type CertificateSourceOptions } from './certificate-source.js';
export { type CertificateFiles, loadCertificate } from './load-certificate.js';
export { selfSigned, type SelfSignedOptions } from './self-signed.js';
export { type Certificate, fingerprint } from './certificate.js';
export { defaultDataDir } from './data-dir.js';
export { machineNames } from './machine-names.js';
export type { TlsCredentials, TlsSource } from '../net/tls.js';
