import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { U64 } from '../../protocol/u64.js';
import type { Deliveries } from './deliveries.js';
import { Lane } from './lane.js';
import type { RouterSession } from './router-session.js';
import type { Recipients } from './subscription-index.js';
import { wireForms } from './wire-form.js';

/** Sends signals to those who subscribed: each message written once for each form, then handed out as ranges. */
export class FanOut {
  readonly #deliveries: Deliveries;
  /** By the index of the wire form. Replies have lanes of their own: an ACK between two signals would break every range. */
  readonly #lanes = wireForms.map((form) => new Lane(form));

  constructor(deliveries: Deliveries) {
    this.#deliveries = deliveries;
  }

  /** A SET goes to all its subscribers, the writer too if it is one (router.md 7.2). */
  set(recipients: Recipients, message: SetMessage, revision: U64): void {
    for (let g = 0; g < recipients.length; g++) {
      const { form, sessions } = recipients[g]!;
      const lane = this.#lanes[form.index]!;
      lane.writeSet(message, revision);
      this.#deliveries.toAll(sessions, lane, undefined, message.address);
    }
  }

  /** A PUBLISH goes to everybody but its sender. */
  publish(recipients: Recipients, message: PublishMessage, sender: RouterSession): void {
    for (let g = 0; g < recipients.length; g++) {
      const { form, sessions } = recipients[g]!;
      if (sessions.length === 1 && sessions[0] === sender) continue;
      const lane = this.#lanes[form.index]!;
      lane.write(message);
      this.#deliveries.toAll(sessions, lane, sender, undefined);
    }
  }
}
