import { Qos } from '../../protocol/enumerations.js';
import { ClaspError, EncodeError, ErrorCode } from '../../protocol/errors.js';
import { detachedPublish, publishCodec } from '../../protocol/messages/publish.js';
import { detachedSet, SET_REVISION, setCodec } from '../../protocol/messages/set.js';
import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { U64 } from '../../protocol/u64.js';
import { publishRetention, SET_RETENTION } from '../congestion/policy.js';
import type { Dispatcher } from './dispatcher.js';
import { FrameWriter } from './frame-writer.js';
import type { Replies } from './replies.js';
import type { RouterSession } from '../session.js';
import type { RecipientGroup } from '../subscriptions/recipient-group.js';
import { groupByForm } from '../subscriptions/subscription-index.js';
import { wireForms } from './wire-form.js';

const EVENT_RETENTION = publishRetention({ signal: 'event', phase: undefined });
const STREAM_RETENTION = publishRetention({ signal: 'stream', phase: undefined });

/** Sends signals to subscribers. Each message is written once per wire form and delivered as ranges. */
export class FanOut {
  readonly #deliveries: Dispatcher;
  readonly #replies: Replies;
  /** By the index of the wire form. Replies have separate writers: an ACK between two signals would split a range. */
  readonly #writers = wireForms.map((form) => new FrameWriter(form));

  constructor(deliveries: Dispatcher, replies: Replies) {
    this.#deliveries = deliveries;
    this.#replies = replies;
  }

  /** Sends a SET to all subscribers, including the writer if it subscribed (router.md 7.2). */
  set(groups: readonly RecipientGroup[], message: SetMessage, revision: U64): void {
    for (let g = 0; g < groups.length; g++) {
      const { form, sessions } = groups[g]!;
      if (form.encoding === 'none') {
        this.#deliveries.handToAll(sessions, { ...detachedSet(message), revision }, undefined);
        continue;
      }
      const writer = this.#writers[form.index]!;
      try {
        writer.writeSet(message, revision);
      } catch (error) {
        this.#reportUnencodable(sessions, undefined, message.address, error);
        continue;
      }
      this.#deliveries.toAll(sessions, writer, undefined, SET_RETENTION, message.address);
    }
  }

  /** Sends a PUBLISH to all subscribers except its sender. */
  publish(groups: readonly RecipientGroup[], message: PublishMessage, sender: RouterSession | undefined): void {
    for (let g = 0; g < groups.length; g++) {
      const { form, sessions } = groups[g]!;
      if (sessions.length === 1 && sessions[0] === sender) continue;
      if (form.encoding === 'none') {
        this.#deliveries.handToAll(sessions, detachedPublish(message), sender);
        continue;
      }
      const writer = this.#writers[form.index]!;
      try {
        writer.writePublish(message);
      } catch (error) {
        this.#reportUnencodable(sessions, sender, message.address, error);
        continue;
      }
      const retention = publishRetention(message);
      // Datagrams have no framing.
      if (retention === 'droppable' && form.framing === 'raw') {
        this.#deliveries.toAllLoosely(sessions, writer, sender, message.address);
      } else {
        this.#deliveries.toAll(sessions, writer, sender, retention, message.address);
      }
    }
  }

  /**
   * Sends a SET from the bytes of its frame to sessions with compact binary.
   *
   * @param start of address and value in the bytes
   */
  directSet(
    groups: readonly RecipientGroup[],
    type: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    revision: number,
    address: string,
  ): void {
    for (let g = 0; g < groups.length; g++) {
      const { form, sessions } = groups[g]!;
      if (form.encoding === 'none') continue; // invariant: direct recipients have compact binary
      const writer = this.#writers[form.index]!;
      writer.writeBytes(setCodec.code, type | SET_REVISION, Qos.Confirm, bytes, start, end, revision);
      this.#deliveries.toAll(sessions, writer, undefined, SET_RETENTION, address);
    }
  }

  /**
   * Sends an event or a sample of a stream from the bytes of its frame to sessions with compact binary, except its
   * sender.
   *
   * @param start of address, indicator and value in the bytes
   */
  directPublish(
    groups: readonly RecipientGroup[],
    signal: 'event' | 'stream',
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    sender: RouterSession,
    address: string,
  ): void {
    const isEvent = signal === 'event';
    for (let g = 0; g < groups.length; g++) {
      const { form, sessions } = groups[g]!;
      if (form.encoding === 'none' || (sessions.length === 1 && sessions[0] === sender)) continue; // as above
      const writer = this.#writers[form.index]!;
      writer.writeBytes(publishCodec.code, flags, isEvent ? Qos.Confirm : Qos.Fire, bytes, start, end, undefined);
      this.#deliveries.toAll(sessions, writer, sender, isEvent ? EVENT_RETENTION : STREAM_RETENTION, address);
    }
  }

  /** Sends a SET to exactly these sessions. */
  setTo(sessions: readonly RouterSession[], message: SetMessage, revision: U64): void {
    this.set(groupByForm(sessions), message, revision);
  }

  /** Sends a PUBLISH to exactly these sessions. */
  publishTo(sessions: readonly RouterSession[], message: PublishMessage): void {
    this.publish(groupByForm(sessions), message, undefined);
  }

  /** Sends a PUBLISH to one session, subscribed or not. */
  to(target: RouterSession, message: PublishMessage): void {
    const { form } = target;
    if (form.encoding === 'none') return this.#deliveries.hand(target, detachedPublish(message));
    const writer = this.#writers[form.index]!; // a writer exists for every form
    try {
      writer.write(message);
    } catch (error) {
      this.#reportUnencodable([target], undefined, message.address, error);
      return;
    }
    this.#deliveries.to(target, writer);
  }

  /**
   * A message that fills a binary frame can exceed a CBOR frame, which contains field names. The sender is not at
   * fault, and the other subscribers receive the message. Sessions whose encoding cannot carry it get an ERROR.
   */
  #reportUnencodable(
    sessions: readonly RouterSession[],
    except: RouterSession | undefined,
    address: string,
    error: unknown,
  ): void {
    if (!(error instanceof EncodeError)) throw error;
    const fault = new ClaspError(ErrorCode.InternalError, `A message does not fit your encoding: ${error.message}`, {
      address,
    });
    for (const session of sessions) if (session !== except && session.established) this.#replies.error(session, fault);
  }
}
