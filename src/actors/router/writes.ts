import { parseAddress, utf8Length } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { MAX_PAYLOAD_BYTES } from '../../protocol/limits.js';
import type { BundleMessage, PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { U64 } from '../../protocol/u64.js';
import type { FanOut } from './fan-out.js';
import type { ParamStore } from './param-store.js';
import type { RouterSession } from './router-session.js';
import type { SubscriptionIndex } from './subscription-index.js';

/** Everything in a SNAPSHOT frame of one entry that is neither address, value nor writer (wire.md 13). */
const SNAPSHOT_OVERHEAD_BYTES = 25;
/** A session id: UUID text. */
const WRITER_BYTES = 36;
/** Codes, lengths, indicator, count, timestamp, id and rate of a PUBLISH (wire.md 6.6). */
const PUBLISH_OVERHEAD_BYTES = 24;

/**
 * What changes params and reaches subscribers: SET, PUBLISH, BUNDLE. Each is checked first and without a trace, then
 * applied, which cannot fail: so a bundle is all or nothing.
 */
export class Writes {
  readonly #params: ParamStore;
  readonly #subscriptions: SubscriptionIndex;
  readonly #fanOut: FanOut;

  constructor(params: ParamStore, subscriptions: SubscriptionIndex, fanOut: FanOut) {
    this.#params = params;
    this.#subscriptions = subscriptions;
    this.#fanOut = fanOut;
  }

  /** @returns the new revision @throws ClaspError 200, 400, 402 */
  set(session: RouterSession, message: SetMessage, nowMicros: number): number {
    checkSet(message, this.#params.get(message.address)?.revision);
    return this.#applySet(session, message, nowMicros);
  }

  /** @throws ClaspError 200, 402 */
  publish(session: RouterSession, message: PublishMessage): void {
    checkPublish(message);
    this.#applyPublish(session, message);
  }

  /**
   * All of it or nothing, in its order, and nobody's writes in between (router.md 5.6).
   *
   * @returns the revision of the last SET, if there was one
   * @throws ClaspError with the code of the first fault, and 101 for a message that is no write
   */
  bundle(session: RouterSession, message: BundleMessage, nowMicros: number): number | undefined {
    this.#checkBundle(message);
    let revision: number | undefined;
    for (const inner of message.messages) {
      if (inner.type === 'set') revision = this.#applySet(session, inner, nowMicros);
      else if (inner.type === 'publish') this.#applyPublish(session, inner);
    }
    return revision;
  }

  #applySet(session: RouterSession, message: SetMessage, nowMicros: number): number {
    const param = this.#params.get(message.address) ?? this.#params.create(parseAddress(message.address));
    param.write(message.value, session.id, nowMicros);
    this.#fanOut.set(this.#subscriptions.recipients(message.address, 'param'), message, param.revision);
    return param.revision;
  }

  #applyPublish(session: RouterSession, message: PublishMessage): void {
    this.#fanOut.publish(this.#subscriptions.recipients(message.address, message.signal), message, session);
  }

  /** Checks each message against what the ones before it in the bundle will have done. */
  #checkBundle(bundle: BundleMessage): void {
    const revisions = new Map<string, number>();
    for (const inner of bundle.messages) {
      try {
        if (inner.type === 'set') {
          const current = revisions.get(inner.address) ?? this.#params.get(inner.address)?.revision;
          checkSet(inner, current);
          revisions.set(inner.address, (current ?? 0) + 1);
        } else if (inner.type === 'publish') {
          checkPublish(inner);
        } else {
          throw new ClaspError(ErrorCode.InvalidMessage, `only SET and PUBLISH can be bundled, not ${inner.type}`);
        }
      } catch (error) {
        if (!(error instanceof ClaspError)) throw error;
        const about = error.address === undefined ? {} : { address: error.address };
        throw new ClaspError(error.code, `Bundle rejected: ${error.message}`, about);
      }
    }
  }
}

/** What a SET has to satisfy before anything changes. @param current the param's revision, undefined where there is none */
function checkSet(message: SetMessage, current: number | undefined): void {
  const { address, value, revision } = message;
  if (current === undefined) parseAddress(address); // a known address has been through here
  // What fits on the way in may not fit on the way out, with revision, writer and time (wire.md 13).
  checkSize(address, value.byteLength, MAX_PAYLOAD_BYTES - SNAPSHOT_OVERHEAD_BYTES - WRITER_BYTES);
  if (current !== undefined && revision !== undefined) checkRevision(address, revision, current);
}

/** Only what came as JSON can be too large here: a text message may be longer than a frame. */
function checkPublish({ address, value, samples }: PublishMessage): void {
  parseAddress(address);
  const contentBytes = value?.byteLength ?? 8 * (samples?.length ?? 0);
  checkSize(address, contentBytes, MAX_PAYLOAD_BYTES - PUBLISH_OVERHEAD_BYTES);
}

function checkSize(address: string, contentBytes: number, limit: number): void {
  if (3 * address.length + contentBytes <= limit) return; // the usual case, without counting
  const size = utf8Length(address) + contentBytes;
  if (size <= limit) return;
  throw new ClaspError(
    ErrorCode.InvalidValue,
    `Value too large: address and value are ${size} bytes; the limit is ${limit}`,
    { address },
  );
}

function checkRevision(address: string, expected: U64, current: number): void {
  if (expected === current) return;
  throw new ClaspError(
    ErrorCode.RevisionConflict,
    `Revision conflict: expected ${expected.toString()}, got ${current}`,
    { address },
  );
}
