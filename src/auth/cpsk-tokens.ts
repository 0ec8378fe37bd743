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
  /** The folder with `tokens.json`. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often the file is looked at, for tokens that were revoked meanwhile. */
const LOOK_MS = 1_000;

interface Watched {
  readonly tokenId: string;
  readonly listener: () => void;
}

/**
 * Tokens made by `clasp-router token create`, looked up by their hash. The file is the truth: it is looked at with every HELLO and
 * once a second, so what the command revokes is revoked here.
 */
export class CpskTokens implements TokenValidator {
  readonly #options: CpskTokensOptions;
  readonly #path: string;
  /** Those whose hashes begin alike; hardly ever more than one. */
  #byBucket: ReadonlyMap<string, readonly TokenRecord[]> = new Map();
  #ids: ReadonlySet<string> = new Set();
  /** What the file was like when it was read. */
  #seen = '';
  /** What it was like when it could not be: that is said once. */
  #complainedOf = '';
  /** The last of all looks at the file: one goes after the other, or an older one could have the last word. */
  #lastLook: Promise<void> = Promise.resolve();
  /** The last one, as long as it has not begun. */
  #nextLook: Promise<void> | undefined;
  readonly #watched = new Set<Watched>();
  #timer: unknown;
  #isClosed = false;

  /** @throws AuthError when there is a file that is none of tokens */
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
    // Revoked since it was let in: nothing else would ever say so. Not at once, for who asks is not ready to hear it.
    if (!this.#ids.has(tokenId)) queueMicrotask(() => this.#tellRevoked());
    return () => void this.#watched.delete(watched);
  }

  /** Looks at the file no more. */
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
   * Reads the file again if it has changed. One that cannot be read changes nothing: nobody is let in by it, and nobody put out.
   * A look that is under way may have missed what was changed since, so whoever asks waits for one that is still to begin.
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
      // What it holds can only change with the file; that it cannot be read may pass, and a revocation must not be missed by it.
      if (error instanceof AuthError && error.cause === undefined) this.#seen = seen;
      if (seen === this.#complainedOf) return;
      this.#complainedOf = seen;
      this.#options.logger.warn(
        { err: error },
        'the tokens were changed and cannot be read; the former ones still hold',
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
    this.#tellRevoked();
  }

  #tellRevoked(): void {
    for (const watched of [...this.#watched]) {
      if (this.#ids.has(watched.tokenId)) continue;
      this.#watched.delete(watched);
      watched.listener();
    }
  }

  /** Different from what it was whenever the file has been replaced. */
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

/** What a look-up may tell by the time it takes: no more than that the hash of a guess begins like one of ours. */
function bucketOf(hash: string): string {
  return hash.slice(0, 4);
}

/** Takes as long whatever differs. */
function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
