import { type TransportError, TransportUnavailable } from '../../net/transport-error.js';

const PLATFORMS = 'it has binaries for Linux (x64 and arm64, glibc 2.34 or later) and for macOS (arm64)';

/** Throws the error for a package that is not installed. */
export function refuseToLoad(error: unknown): never {
  throw new TransportUnavailable(
    `QUIC needs the package @currentspace/http3: install it with "npm install @currentspace/http3" (${PLATFORMS}), ` +
      'or disable QUIC',
    { cause: error },
  );
}

/** The JavaScript of the package loads on every platform. Its native part loads on first use. */
export function refuseToRun(error: unknown): TransportError {
  return new TransportUnavailable(
    `QUIC is not available on this computer: @currentspace/http3 does not support it (${PLATFORMS}); disable QUIC`,
    { cause: error },
  );
}
