import { Observable, Subject } from 'rxjs';
import type { Logger } from '../core/ports.js';
import { type Clock, wallTime } from '../util/clock.js';
import { ClockWatch } from '../util/clock-watch.js';
import type { TlsCredentials, TlsSource } from '../net/tls.js';
import { TransportError } from '../net/transport-error.js';
import { type Certificate, validityWarning } from './certificate.js';

export interface CertificateSourceOptions {
  /** Reads the certificate from where it is kept. Rejects with a TransportError when it cannot be used. */
  readonly read: () => Promise<Certificate>;
  /** Says whether a certificate has ended. */
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The certificate in use, for as many doors as want it. */
export interface CertificateSource extends TlsSource {
  /** The one in use now. */
  readonly credentials: Certificate;
  /** The next ones. While somebody listens, a jump of the wall clock makes it look whether the current one is still valid. */
  readonly renewed$: Observable<TlsCredentials>;
  /**
   * Reads the certificate again, and gives it to the doors if it is another. One that cannot be used, or has ended, changes
   * nothing and is told to the logger. Never rejects; reloads one after the other.
   */
  reload(): Promise<void>;
}

/**
 * Reads the certificate for the first time. One that clients will refuse for its dates is used all the same, with a warning.
 *
 * @throws TransportError what `read` rejects with
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
  /** The last reload that was asked for: an early reading that is slow must not undo a later one. */
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
   * A certificate that was made or taken while the date was wrong may have ended, or not begun. One of the router's own is made
   * again; of the user's there may be a new one.
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
      // The sentence of a TransportError says it all; anything else is a fault of ours, which must not end a show either.
      if (error instanceof TransportError) logger.error({}, `the certificate stays as it was: ${error.message}`);
      else logger.error({ err: error }, 'the certificate stays as it was: it could not be read again');
      return;
    }
    if (next.cert === this.#current.cert && next.key === this.#current.key) {
      logger.info({ fingerprint: next.fingerprint }, 'the certificate has not changed');
      return;
    }
    const now = wallTime(clock);
    const warning = validityWarning(next, now);
    if (warning !== undefined && now > next.validTo) {
      logger.error({ fingerprint: next.fingerprint }, `the certificate stays as it was: of the new one, ${warning}`);
      return;
    }
    if (warning !== undefined) logger.warn({ fingerprint: next.fingerprint }, warning);
    this.#current = next;
    logger.info({ fingerprint: next.fingerprint }, 'the certificate was renewed; new connections get it');
    this.#renewed.next(next);
  };
}
