import { Observable, Subject } from 'rxjs';
import type { Logger } from '../core/ports.js';
import { type Clock, wallTime } from '../util/clock.js';
import { ClockWatch } from '../util/clock-watch.js';
import type { TlsCredentials, TlsSource } from '../net/tls.js';
import { TransportError } from '../net/transport-error.js';
import { type Certificate, validityWarning } from './certificate.js';

export interface CertificateSourceOptions {
  /** Reads the certificate from its storage. Rejects with a TransportError if it is not usable. */
  readonly read: () => Promise<Certificate>;
  /** Clock for the validity checks. */
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The certificate in use, shared by any number of listeners. */
export interface CertificateSource extends TlsSource {
  /** The current certificate. */
  readonly credentials: Certificate;
  /** Later certificates. While there is a subscriber, a jump of the wall clock triggers a check of the current one. */
  readonly renewed$: Observable<TlsCredentials>;
  /**
   * Reads the certificate again, and emits it if it differs. One that is unusable or expired changes nothing and is
   * logged. Never rejects; concurrent reloads run one after the other.
   */
  reload(): Promise<void>;
}

/**
 * Reads the certificate for the first time. One whose dates clients will reject is used nevertheless, with a warning.
 *
 * @throws TransportError that `read` rejects with
 */
export async function certificateSource(options: CertificateSourceOptions): Promise<CertificateSource> {
  const first = await options.read();
  const warning = validityWarning(first, wallTime(options.clock));
  if (warning !== undefined) options.logger.warn({ fingerprint: first.fingerprint }, warning);
  return new RenewableCertificate(first, options);
}

class RenewableCertificate implements CertificateSource {
  readonly renewed$: Observable<TlsCredentials>;
  readonly #renewed = new Subject<TlsCredentials>();
  readonly #options: CertificateSourceOptions;
  #current: Certificate;
  /** The most recent reload: an earlier one that is slow must not overwrite a later one. */
  #reloading = Promise.resolve();
  #listeners = 0;
  #stopWatching = (): void => undefined;

  constructor(first: Certificate, options: CertificateSourceOptions) {
    this.#current = first;
    this.#options = options;
    this.renewed$ = new Observable((subscriber) => {
      const subscription = this.#renewed.subscribe(subscriber);
      if (++this.#listeners === 1) this.#stopWatching = ClockWatch.of(options.clock).onJump(this.#onJump);
      return () => {
        subscription.unsubscribe();
        if (--this.#listeners === 0) this.#stopWatching();
      };
    });
  }

  get credentials(): Certificate {
    return this.#current;
  }

  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(this.#reload);
    return this.#reloading;
  }

  /**
   * A certificate created or accepted under a wrong date can be expired or not valid yet. The router creates its own
   * again; the user can have provided a new one.
   */
  readonly #onJump = (): void => {
    const { clock, logger } = this.#options;
    const warning = validityWarning(this.#current, wallTime(clock));
    if (warning === undefined) return;
    logger.warn({ fingerprint: this.#current.fingerprint }, `after a correction of the clock, ${warning}`);
    void this.reload();
  };

  readonly #reload = async (): Promise<void> => {
    const { read, clock, logger } = this.#options;
    let next: Certificate;
    try {
      next = await read();
    } catch (error) {
      // The message of a TransportError is complete; any other error is a bug in the router, which must not stop it.
      if (error instanceof TransportError) logger.error({}, `the certificate is unchanged: ${error.message}`);
      else logger.error({ err: error }, 'the certificate is unchanged: it could not be read again');
      return;
    }
    if (next.cert === this.#current.cert && next.key === this.#current.key) {
      logger.info({ fingerprint: next.fingerprint }, 'the certificate has not changed');
      return;
    }
    const now = wallTime(clock);
    const warning = validityWarning(next, now);
    if (warning !== undefined && now > next.validTo) {
      logger.error({ fingerprint: next.fingerprint }, `the certificate is unchanged: of the new one, ${warning}`);
      return;
    }
    if (warning !== undefined) logger.warn({ fingerprint: next.fingerprint }, warning);
    this.#current = next;
    logger.info({ fingerprint: next.fingerprint }, 'the certificate was renewed; new connections use it');
    this.#renewed.next(next);
  };
}
