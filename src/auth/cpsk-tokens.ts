import { stat } from 'node:fs/promises';
import { timingSafeEqual } from 'node:crypto';
import type { Grant, Logger } from '../core/ports.js';
import { type Clock, setBackgroundTimer, wallTime } from '../util/clock.js';
import { AuthError } from './auth-error.js';
import { scopesAmong } from './claims.js';
import { hashOf, isCpskToken } from './cpsk.js';
import { readTokens, tokenFilePath, type TokenRecord } from './token-file.js';
import type { TokenValidator, Validation } from './validator.js';

export interface CpskTokensOptions {
  /** The folder of `tokens.json`. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Milliseconds between two checks of the file for revoked tokens. */
const LOOK_MS = 1_000;

interface Watched {
  readonly tokenId: string;
  readonly listener: () => void;
}

/**
 * Tokens created by `clasp-router token create`, found by their hash. The file is authoritative: it is checked at
 * each HELLO and once per second, so that revocations by the command take effect.
 */
export class CpskTokens implements TokenValidator {
  readonly #options: CpskTokensOptions;
  readonly #path: string;
  /** Tokens by the first digits of their hash; rarely more than one. */
  #byBucket: ReadonlyMap<string, readonly TokenRecord[]> = new Map();
  #ids: ReadonlySet<string> = new Set();
  /** Identity of the file version that was read. */
  #seen = '';
  /** Identity of the last version that could not be read. Each is logged once. */
  #complainedOf = '';
  /**
   * The most recently started read. Reads run one after the other, so that an older one cannot overwrite a newer one.
   */
  #lastLook: Promise<void> = Promise.resolve();
  /** The next read, until it starts. */
  #nextLook: Promise<void> | undefined;
  readonly #watched = new Set<Watched>();
  #timer: unknown;
  #isClosed = false;

  /** @throws AuthError if the file exists and is not a valid token file */
  static async open(options: CpskTokensOptions): Promise<CpskTokens> {
    const tokens = new CpskTokens(options);
    tokens.#seen = await tokens.#look();
    tokens.#keep(await readTokens(tokens.#path));
    tokens.#planLook();
    return tokens;
  }

  private constructor(options: CpskTokensOptions) {
    this.#options = options;
    this.#path = tokenFilePath(options.dataDir);
  }

  async validate(token: string): Promise<Validation> {
    if (!isCpskToken(token)) return { kind: 'notMine' };
    await this.#refresh();
    const hash = hashOf(token);
    const record = this.#byBucket.get(bucketOf(hash))?.find((one) => isSame(one.hash, hash));
    if (record === undefined) return { kind: 'invalid', reason: 'token not found' };
    const { expiresAtSeconds } = record;
    if (expiresAtSeconds !== null && wallTime(this.#options.clock) / 1_000 >= expiresAtSeconds)
      return { kind: 'expired' };
    return { kind: 'valid', grant: grantOf(record) };
  }

  onRevoked({ tokenId }: Grant, listener: () => void): () => void {
    const watched = { tokenId, listener };
    this.#watched.add(watched);
    // The token was revoked after its validation, and no later event would report it. Deferred, because the caller
    // has no subscription yet.
    if (!this.#ids.has(tokenId)) queueMicrotask(() => this.#notifyRevoked());
    return () => void this.#watched.delete(watched);
  }

  /** Stops to check the file. */
  close(): void {
    this.#isClosed = true;
    this.#options.clock.clearTimeout(this.#timer);
  }

  #planLook(): void {
    if (this.#isClosed) return;
    const look = (): void => {
      void this.#refresh().then(() => {
        this.#planLook();
      });
    };
    this.#timer = setBackgroundTimer(this.#options.clock, look, LOOK_MS);
  }

  /**
   * Reads the file again if it has changed. If it cannot be read, nothing changes: no token becomes valid, and no
   * session is closed. A read in progress can miss a later change, so the caller waits for a read that has not
   * started.
   */
  #refresh(): Promise<void> {
    const begin = (): Promise<void> => {
      this.#nextLook = undefined;
      return this.#readIfChanged();
    };
    this.#nextLook ??= this.#lastLook = this.#lastLook.then(begin, begin);
    return this.#nextLook;
  }

  async #readIfChanged(): Promise<void> {
    const seen = await this.#look();
    if (seen === this.#seen) return;
    try {
      this.#keep(await readTokens(this.#path));
      this.#seen = seen;
    } catch (error) {
      // Invalid content only changes with the file. A read error can be temporary, and must not hide a revocation:
      // the next check tries again.
      if (error instanceof AuthError && error.cause === undefined) this.#seen = seen;
      if (seen === this.#complainedOf) return;
      this.#complainedOf = seen;
      this.#options.logger.warn(
        { err: error },
        'the tokens were changed and cannot be read; the previous ones remain valid',
      );
    }
  }

  #keep(records: readonly TokenRecord[]): void {
    const byBucket = new Map<string, TokenRecord[]>();
    for (const record of records) {
      const bucket = bucketOf(record.hash);
      byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), record]);
    }
    this.#byBucket = byBucket;
    this.#ids = new Set(records.map(({ id }) => id));
    this.#notifyRevoked();
  }

  #notifyRevoked(): void {
    for (const watched of [...this.#watched]) {
      if (this.#ids.has(watched.tokenId)) continue;
      this.#watched.delete(watched);
      watched.listener();
    }
  }

  /** Returns the identity of the file version, which differs after each replacement. */
  async #look(): Promise<string> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#path);
      return `${mtimeMs} ${size} ${ino}`;
    } catch {
      return 'none';
    }
  }
}

function grantOf({ id, subject, scopes, constraints, expiresAtSeconds }: TokenRecord): Grant {
  return {
    tokenId: id,
    subject: subject ?? undefined,
    scopes: scopesAmong(scopes),
    constraints,
    expiresAtSeconds: expiresAtSeconds ?? undefined,
  };
}

/** The time of a lookup shows at most whether the first digits of a guess's hash match a token. */
function bucketOf(hash: string): string {
  return hash.slice(0, 4);
}

/** Compares in constant time. */
function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
