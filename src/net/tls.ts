import type { Observable } from 'rxjs';

/** A private key and its certificate chain, both PEM. */
export interface TlsCredentials {
  readonly key: string;
  /** The server's own certificate first. */
  readonly cert: string;
}

/** Where a door gets its certificate from, for as long as it is open. */
export interface TlsSource {
  /** The credentials to begin with. */
  readonly credentials: TlsCredentials;
  /**
   * New ones, whenever they were renewed: connections from then on see them, those that are open go on undisturbed. A door that
   * cannot change its certificate while it is open (QUIC) uses the first until it is opened again.
   */
  readonly renewed$: Observable<TlsCredentials>;
}
