import { ClaspError, EncodeError, ErrorCode } from '../../protocol/errors.js';
import { detachedPublish, detachedSet } from '../../protocol/messages/detached.js';
import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { U64 } from '../../protocol/u64.js';
import type { Dispatcher } from './dispatcher.js';
import { FrameWriter } from './frame-writer.js';
import type { Replies } from './replies.js';
import type { RouterSession } from '../session.js';
import { groupByForm, type RecipientGroup } from '../subscriptions/subscription-index.js';
import { wireForms } from './wire-form.js';

/** Sends signals to those who subscribed: each message written once for each form, then handed out as ranges. */
export class FanOut {
  readonly #deliveries: Dispatcher;
  readonly #replies: Replies;
  /** By the index of the wire form. Replies have writers of their own: an ACK between two signals would break every range. */
  readonly #writers = wireForms.map((form) => new FrameWriter(form));

  constructor(deliveries: Dispatcher, replies: Replies) {
    this.#deliveries = deliveries;
    this.#replies = replies;
  }

  /** A SET goes to all its subscribers, the writer too if it is one (router.md 7.2). */
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
        this.#tellUnreachable(sessions, undefined, message.address, error);
        continue;
      }
      this.#deliveries.toAll(sessions, writer, undefined, message.address, false);
    }
  }

  /** A PUBLISH goes to everybody but its sender. */
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
        this.#tellUnreachable(sessions, sender, message.address, error);
        continue;
      }
      const mayDrop = givesWay(message);
      // Datagrams have no framing.
      if (mayDrop && form.framing === 'raw') this.#deliveries.toAllLoosely(sessions, writer, sender);
      else this.#deliveries.toAll(sessions, writer, sender, undefined, mayDrop);
    }
  }

  /** To these sessions and nobody else. */
  setTo(sessions: readonly RouterSession[], message: SetMessage, revision: U64): void {
    this.set(groupByForm(sessions), message, revision);
  }

  /** To these sessions and nobody else. */
  publishTo(sessions: readonly RouterSession[], message: PublishMessage): void {
    this.publish(groupByForm(sessions), message, undefined);
  }

  /** To one session, subscribed or not. */
  to(target: RouterSession, message: PublishMessage): void {
    const { form } = target;
    if (form.encoding === 'none') return this.#deliveries.hand(target, detachedPublish(message));
    const writer = this.#writers[form.index]!; // a writer for every form there is
    try {
      writer.write(message);
    } catch (error) {
      this.#tellUnreachable([target], undefined, message.address, error);
      return;
    }
    this.#deliveries.to(target, writer);
  }

  /**
   * What fits a binary frame to its last bytes may not fit one of CBOR, which names its fields. The sender has done nothing
   * wrong and the others get it; those whose encoding cannot carry it are told.
   */
  #tellUnreachable(
    sessions: readonly RouterSession[],
    except: RouterSession | undefined,
    address: string,
    error: unknown,
  ): void {
    if (!(error instanceof EncodeError)) throw error;
    const told = new ClaspError(ErrorCode.InternalError, `A message does not fit your encoding: ${error.message}`, {
      address,
    });
    for (const session of sessions) if (session !== except && session.established) this.#replies.error(session, told);
  }
}

/** What a slow reader can do without: the next one says it again. */
function givesWay({ signal, phase }: PublishMessage): boolean {
  return signal === 'stream' || (signal === 'gesture' && phase === 'move');
}
