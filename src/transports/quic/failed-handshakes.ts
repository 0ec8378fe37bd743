import type { QuicHandshakeFailure } from './provider.js';

/** The used internals of the library's server. They are not part of its API, so each property can be missing. */
interface Inside {
  readonly _sessions?: ReadonlyMap<unknown, { readonly remoteAddress: string; readonly remotePort: number }>;
  _onSessionClose?: (event: CloseEvent) => void;
}

interface CloseEvent {
  readonly connHandle: unknown;
  readonly meta?: { readonly errorCode?: number | undefined } | undefined;
}

/**
 * Reports peers whose handshake failed. The library creates a session for each of them but exposes only successful
 * ones, so this function reads its internals. If a later version changes them, failed handshakes are not reported, and
 * everything else works.
 *
 * @param wasHandedOut returns whether the library exposed that session
 */
export function watchHandshakes(
  server: object,
  wasHandedOut: (session: object) => boolean,
  report: (failure: QuicHandshakeFailure) => void,
): void {
  const inside: Inside = server; // every property is optional and checked before use
  const close = inside._onSessionClose;
  if (typeof close !== 'function' || !(inside._sessions instanceof Map)) return;
  inside._onSessionClose = (event) => {
    const session = inside._sessions?.get(event.connHandle);
    if (session !== undefined && !wasHandedOut(session)) {
      const { remoteAddress: remoteHost, remotePort } = session;
      report({ remoteHost, remotePort, text: textOf(event.meta?.errorCode ?? 0) });
    }
    close.call(server, event);
  };
}

/** The QUIC code of a TLS alert is 0x100 plus the alert (RFC 9001, section 4.8). */
const CRYPTO_ERROR = 0x100;
const LAST_CRYPTO_ERROR = 0x1ff;
/** RFC 8446, section 6, and RFC 7301: bad_certificate, unsupported_, certificate_expired, _unknown, unknown_ca. */
const CERTIFICATE_ALERTS: ReadonlySet<number> = new Set([42, 43, 45, 46, 48]);
const NO_APPLICATION_PROTOCOL = 120;

function textOf(errorCode: number): string {
  if (errorCode < CRYPTO_ERROR || errorCode > LAST_CRYPTO_ERROR) return 'it disconnected during its QUIC handshake';
  const alert = errorCode - CRYPTO_ERROR;
  if (alert === NO_APPLICATION_PROTOCOL) return 'it uses another protocol than clasp/2 over QUIC';
  if (CERTIFICATE_ALERTS.has(alert)) return "it does not trust this router's certificate";
  return `its QUIC handshake failed with TLS alert ${alert}`;
}
