import { chmod, readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Logger, silentLogger } from '../core/ports.js';
import { checkNames, checkText } from '../util/arguments.js';
import { type Clock, wallTime } from '../util/clock.js';
import type { TlsCredentials } from '../net/tls.js';
import { TransportError } from '../net/transport-error.js';
import { type Certificate, checkCertificate } from './certificate.js';
import { errorCode, messageOf } from './faults.js';
import { makePrivateFolder, replaceFile } from '../util-node/private-files.js';

export interface SelfSignedOptions {
  /** The folder of the certificate. Created with access for its owner only, if it does not exist. */
  readonly dataDir: string;
  /** DNS names and IP addresses that clients can connect to. Used when a certificate is created. */
  readonly names: readonly string[];
  readonly clock: Clock;
  /** Logs the replacement of a certificate. @default silent */
  readonly logger?: Logger | undefined;
}

/** Key and certificate in one file, because two files cannot be replaced atomically. */
export const SELF_SIGNED_FILE = 'self-signed.pem';
/** The certificate alone, for clients that must trust it. */
export const SELF_SIGNED_CERTIFICATE_FILE = 'self-signed-certificate.pem';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Apple's systems reject certificates that are valid for more than 825 days. */
const VALID_MS = 820 * DAY_MS;
/** A certificate that expires sooner is replaced at the next start or reload. */
const RENEW_MS = 30 * DAY_MS;

/**
 * Returns the certificate from the data folder. It is created at the first start and used until it nears its expiry,
 * so that users accept its fingerprint only once. New names do not change it; to include them, the user deletes the
 * file.
 *
 * @throws TransportError if the folder is not usable; ArgumentError for an invalid or unknown option
 */
export async function selfSigned(options: SelfSignedOptions): Promise<Certificate> {
  checkNames('selfSigned', options, ['dataDir', 'names', 'clock', 'logger'] satisfies (keyof SelfSignedOptions)[]);
  const { dataDir, names, clock, logger = silentLogger } = options;
  checkText('dataDir of selfSigned', dataDir);
  const path = join(dataDir, SELF_SIGNED_FILE);
  try {
    await makePrivateFolder(dataDir);
    const kept = await readKept(path, logger);
    // One that is not valid yet is kept: a computer whose clock starts in the past would otherwise create one at
    // every start.
    const good = kept !== undefined && kept.validTo - wallTime(clock) > RENEW_MS;
    if (kept !== undefined && !good) {
      logger.warn({ path }, 'the self-signed certificate expires soon: clients must accept the new fingerprint');
    }
    const certificate = good ? kept : await makeAndKeep(path, names, wallTime(clock));
    await offerCertificate(join(dataDir, SELF_SIGNED_CERTIFICATE_FILE), certificate.cert);
    return certificate;
  } catch (error) {
    throw new TransportError(
      `cannot store a self-signed certificate in ${dataDir}: ${reasonOf(error)}; ` +
        'choose another folder with the option dataDir, or set the option certPath and the option keyPath',
      { cause: error },
    );
  }
}

/** Returns the stored certificate if it is usable. */
async function readKept(path: string, logger: Logger): Promise<Certificate | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  await hideFromOthers(path, logger);
  try {
    return checkCertificate({ path, text }, { path, text });
  } catch (error) {
    logger.warn({ path, err: error }, 'the self-signed certificate is damaged: clients must accept a new fingerprint');
    return undefined;
  }
}

async function makeAndKeep(path: string, names: readonly string[], now: number): Promise<Certificate> {
  const { key, cert } = await make(names, now);
  const text = `${key.trim()}\n${cert.trim()}\n`;
  const certificate = checkCertificate({ path, text }, { path, text });
  await replaceFile(path, text, 0o600);
  return certificate;
}

async function make(names: readonly string[], now: number): Promise<TlsCredentials> {
  const { generate } = await import('selfsigned'); // large, and needed once in two years
  const pems = await generate([{ name: 'commonName', value: 'CLASP router' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - HOUR_MS), // tolerance for the clocks of clients
    notAfterDate: new Date(now - HOUR_MS + VALID_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      // No keyUsage: BoringSSL, which QUIC clients use, accepts a self-signed certificate with keyUsage only if it
      // may sign certificates.
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
  });
  return { key: pems.private, cert: pems.cert };
}

/** Writes a copy without the key, for users who copy files by hand. */
async function offerCertificate(path: string, cert: string): Promise<void> {
  if ((await readIfThere(path)) !== cert) await replaceFile(path, cert, 0o644);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Restores the permissions of the key, which a backup or copy can have made readable for all users. Windows has no
 * such permissions.
 */
async function hideFromOthers(path: string, logger: Logger): Promise<void> {
  if (process.platform === 'win32' || ((await stat(path)).mode & 0o077) === 0) return;
  await chmod(path, 0o600);
  logger.warn({ path }, 'other users could read the private key of the router; now only its owner can');
}

function reasonOf(error: unknown): string {
  switch (errorCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'this user may not read and write there';
    case 'EROFS':
      return 'nothing can be written there';
    case 'ENOSPC':
      return 'the disk is full';
    case 'EEXIST':
    case 'ENOTDIR':
      return 'that is not a folder';
    default:
      return messageOf(error);
  }
}
