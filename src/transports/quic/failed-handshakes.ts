import type { QuicHandshakeFailure } from './provider.js';

/** The inside of the library's server, as far as it is looked at here. None of it is promised, so each part may be missing. */
interface Inside {
  readonly _sessions?: ReadonlyMap<unknown, { readonly remoteAddress: string; readonly remotePort: number }>;
  _onSessionClose?: (event: CloseEvent) => void;
}

interface CloseEvent {
  readonly connHandle: unknown;
  readonly meta?: { readonly errorCode?: number | undefined } | undefined;
}

/**
 * Tells of the peers whose handshake came to nothing. The library has a session for each of them and hands out only those that get
 * through, so this looks at its inside; where that has changed one day, nobody is told of anything, and the rest works.
 *
 * @param wasHandedOut whether the library has given that session to us
 */
export function watchHandshakes(
  server: object,
  wasHandedOut: (session: object) => boolean,
  tell: (failure: QuicHandshakeFailure) => void,
): void {
  const inside: Inside = server; // every property is optional, and looked at before it is used
  const close = inside._onSessionClose;
  if (typeof close !== 'function' || !(inside._sessions instanceof Map)) return;
  inside._onSessionClose = (event) => {
    const session = inside._sessions?.get(event.connHandle);
    if (session !== undefined && !wasHandedOut(session)) {
      const { remoteAddress: remoteHost, remotePort } = session;
      tell({ remoteHost, remotePort, text: textOf(event.meta?.errorCode ?? 0) });
    }
    close.call(server, event);
  };
}

/** QUIC's own code for a TLS alert is 0x100 more than the alert (RFC 9001, section 4.8). */
const CRYPTO_ERROR = 0x100;
const LAST_CRYPTO_ERROR = 0x1ff;
/** RFC 8446, section 6, and RFC 7301: bad_certificate, unsupported_, certificate_expired, _unknown, unknown_ca. */
const CERTIFICATE_ALERTS: ReadonlySet<number> = new Set([42, 43, 45, 46, 48]);
const NO_APPLICATION_PROTOCOL = 120;

function textOf(errorCode: number): string {
  if (errorCode < CRYPTO_ERROR || errorCode > LAST_CRYPTO_ERROR) return 'it left before its QUIC handshake was done';
  const alert = errorCode - CRYPTO_ERROR;
  if (alert === NO_APPLICATION_PROTOCOL) return 'it speaks another protocol over QUIC than clasp/2';
  if (CERTIFICATE_ALERTS.has(alert)) return "it does not trust this router's certificate";
  return `its QUIC handshake failed with TLS alert ${alert}`;
}
