import type { Observable } from 'rxjs';

/** A private key and its certificate chain, both PEM. */
export interface TlsCredentials {
  readonly key: string;
  /** The server's own certificate first. */
  readonly cert: string;
}

/** Source of a listener's certificate while the listener is open. */
export interface TlsSource {
  /** The initial credentials. */
  readonly credentials: TlsCredentials;
  /**
   * Emits renewed credentials. New connections use them; open connections are not affected. A listener that cannot
   * replace its certificate (QUIC) keeps the initial one until it is opened again.
   */
  readonly renewed$: Observable<TlsCredentials>;
}
