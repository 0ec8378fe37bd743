import { readFile, stat } from 'node:fs/promises';
import { TransportError } from '../net/transport-error.js';
import { checkNames, checkText } from '../util/arguments.js';
import { type Certificate, checkCertificate, type PemFile } from './certificate.js';
import { errorCode, messageOf } from './faults.js';

export interface CertificateFiles {
  /** PEM: the server's certificate first, then those of its issuers. */
  readonly certPath: string;
  /** PEM: the private key, without a passphrase. Can be the same file. */
  readonly keyPath: string;
}

/** Maximum bytes of a file: longer than any chain. A path can lead to any file. */
const MAX_FILE_BYTES = 1_048_576;

/**
 * Reads a certificate and its private key.
 *
 * @throws TransportError with one sentence for each mistake: a file that is missing, unreadable or not PEM, a key
 * that has a passphrase or belongs to another certificate; ArgumentError for an invalid or unknown option
 */
export async function loadCertificate(files: CertificateFiles): Promise<Certificate> {
  checkNames('loadCertificate', files, ['certPath', 'keyPath']);
  const { certPath, keyPath } = files;
  checkText('certPath of loadCertificate', certPath);
  checkText('keyPath of loadCertificate', keyPath);
  const certFile = await read(certPath, 'certificate', 'certPath');
  const keyFile = await read(keyPath, 'private key', 'keyPath');
  return checkCertificate(certFile, keyFile);
}

async function read(path: string, what: string, option: string): Promise<PemFile> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) {
      throw new TransportError(
        `${path} has ${size} bytes, more than a ${what} can have; choose another file with the option ${option}`,
      );
    }
    return { path, text: await readFile(path, 'utf8') };
  } catch (error) {
    throw error instanceof TransportError
      ? error
      : new TransportError(sentence(error, path, what, option), { cause: error });
  }
}

function sentence(error: unknown, path: string, what: string, option: string): string {
  switch (errorCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `the ${what} file ${path} does not exist; check the option ${option}`;
    case 'EACCES':
    case 'EPERM':
      return `this user cannot read the ${what} file ${path}; change its owner or its permissions`;
    case 'EISDIR':
      return `${path} is a folder; choose the file of the ${what} in it with the option ${option}`;
    default:
      return `the ${what} file ${path} cannot be read (${messageOf(error)}); choose another with the option ${option}`;
  }
}
