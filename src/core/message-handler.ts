import { parseAddress } from '../protocol/address.js';
import { isCloseMessage } from '../protocol/close-message.js';
import { Qos } from '../protocol/enumerations.js';
import { ClaspError, ErrorCode } from '../protocol/errors.js';
import type { InboundFrame, MalformedMessage, RateLimitedMessage } from '../protocol/inbound.js';
import type { BundleMessage, GetMessage, SetMessage, SyncMessage } from '../protocol/messages/message.js';
import type { StepCounter } from '../protocol/step-counter.js';
import type { AnnounceHandler } from './announce/announce-handler.js';
import type { QueryHandler } from './announce/query-handler.js';
import type { ClockOffsets } from './clock-offsets.js';
import type { Replies } from './delivery/replies.js';
import type { SignalRouter } from './delivery/signal-router.js';
import type { ParamStore } from './params/param-store.js';
import type { ReplyHold } from './reply-hold.js';
import type { RouterSession } from './session.js';
import type { SubscribeHandler } from './subscriptions/subscribe-handler.js';
import type { Counters } from './system/counters.js';
import { isSystemAddress } from './system/system-addresses.js';
import type { SystemSignals } from './system/system-signals.js';
import type { BundleRunner } from './writes/bundle-runner.js';
import type { ScheduledBundles } from './writes/scheduled-bundles.js';
import type { WriteHandler } from './writes/write-handler.js';
import type { WriteHooks } from './writes/write-hooks.js';

export interface MessageHandlerOptions {
  readonly acks: 'requested' | 'always';
  readonly unknownAddress: 'error' | 'silent';
  readonly maxMalformedPerMinute: number;
  /** Decides which acknowledgments wait for a store. */
  readonly replyHold?: ReplyHold | undefined;
}

/** The components that handle the messages. */
export interface MessageHandlerParts {
  readonly counters: Counters;
  readonly writes: WriteHandler;
  readonly scheduled: ScheduledBundles;
  readonly bundles: BundleRunner;
  readonly subscribes: SubscribeHandler;
  readonly announces: AnnounceHandler;
  readonly queries: QueryHandler;
  readonly routing: SignalRouter;
  readonly replies: Replies;
  readonly system: SystemSignals;
  readonly hooks: WriteHooks;
  readonly offsets: ClockOffsets;
  /** Reads the router's monotonic clock, in microseconds. */
  readonly readMicros: () => number;
  /** Counts the steps of messages. */
  readonly work: StepCounter;
  /** Returns the store for the params of an address or pattern. */
  readonly storeOf: (text: string) => ParamStore;
}

/** Steps of an ERROR: creating the error object takes longer than any message. */
const ERROR_STEPS = 300;

/** Handles the messages of established sessions: passes each to its component, and sends its reply. */
export class MessageHandler {
  readonly #options: MessageHandlerOptions;
  readonly #counters: Counters;
  readonly #work: StepCounter;
  readonly #writes: WriteHandler;
  readonly #scheduled: ScheduledBundles;
  readonly #bundles: BundleRunner;
  readonly #subscribes: SubscribeHandler;
  readonly #announces: AnnounceHandler;
  readonly #queries: QueryHandler;
  readonly #routing: SignalRouter;
  readonly #replies: Replies;
  readonly #system: SystemSignals;
  readonly #hooks: WriteHooks;
  readonly #offsets: ClockOffsets;
  readonly #readMicros: () => number;
  readonly #storeOf: (text: string) => ParamStore;

  constructor(options: MessageHandlerOptions, parts: MessageHandlerParts) {
    this.#options = options;
    this.#counters = parts.counters;
    this.#work = parts.work;
    this.#writes = parts.writes;
    this.#scheduled = parts.scheduled;
    this.#bundles = parts.bundles;
    this.#subscribes = parts.subscribes;
    this.#announces = parts.announces;
    this.#queries = parts.queries;
    this.#routing = parts.routing;
    this.#replies = parts.replies;
    this.#system = parts.system;
    this.#hooks = parts.hooks;
    this.#offsets = parts.offsets;
    this.#readMicros = parts.readMicros;
    this.#storeOf = parts.storeOf;
  }

  /** Handles one message. Peer input causes an ERROR, and no exception. @param nowMicros the time of this batch */
  handle(session: RouterSession, frame: InboundFrame, receivedMicros: number, nowMicros: number): void {
    const { message } = frame;
    const { messages } = this.#counters;
    try {
      switch (message.type) {
        case 'set':
          messages.set++;
          return this.#set(session, message, frame.qos, nowMicros);
        case 'publish':
          messages.publish++;
          this.#writes.publish(session, message, nowMicros);
          session.hasWritten = true;
          return;
        case 'bundle':
          messages.bundle++;
          return this.#bundle(session, message, frame.qos, nowMicros);
        case 'remove':
          messages.remove++;
          return this.#remove(session, message.address, frame.qos, nowMicros);
        case 'get':
          messages.get++;
          return this.#get(session, message, nowMicros);
        case 'subscribe':
          messages.subscribe++;
          return this.#subscribes.subscribe(session, message, nowMicros);
        case 'unsubscribe':
          messages.unsubscribe++;
          return this.#subscribes.unsubscribe(session, message.id);
        case 'announce':
          messages.announce++;
          this.#announces.announce(session, message, nowMicros);
          session.hasWritten = true;
          return;
        case 'query':
          messages.query++;
          return this.#queries.query(session, message);
        case 'ping':
          messages.ping++;
          return this.#replies.send(session, { type: 'pong' });
        case 'sync':
          messages.sync++;
          return this.#sync(session, message, receivedMicros);
        case 'hello':
          messages.hello++;
          throw new ClaspError(ErrorCode.InvalidMessage, 'Duplicate HELLO');
        case 'replay':
          messages.replay++;
          throw new ClaspError(ErrorCode.ServiceUnavailable, 'Journal not configured on this router', {
            address: message.pattern,
          });
        case 'federationSync':
          messages.federationSync++;
          throw new ClaspError(ErrorCode.ServiceUnavailable, 'Federation not configured on this router');
        case 'malformed':
          messages.malformed++;
          return this.#malformed(session, message, nowMicros);
        case 'rateLimited':
          messages.rateLimited++;
          this.#counters.rateLimited += message.dropped;
          throw rateLimited(message);
        case 'error':
          messages.error++;
          if (isCloseMessage(message)) session.notify({ type: 'end.closeReceived' });
          return;
        case 'pong':
          messages.pong++;
          session.answersPings = true;
          return;
        case 'welcome':
        case 'snapshot':
        case 'ack':
        case 'result':
          return; // sent by routers only; ignored from a client (router.md 5)
      }
    } catch (error) {
      if (!(error instanceof ClaspError)) throw error;
      this.#work.steps += ERROR_STEPS;
      this.#replies.error(session, error);
    }
  }

  #set(session: RouterSession, message: SetMessage, qos: Qos, nowMicros: number): void {
    const { address, lock, unlock } = message;
    const { revision, holder } = this.#writes.set(session, message, nowMicros);
    session.hasWritten = true;
    if (!this.#wantsAck(qos)) return;
    const cut = this.#options.replyHold === undefined ? 0 : this.#options.replyHold.cutFor(address);
    if (lock !== true && unlock !== true) return this.#replies.ack(session, message, revision, cut);
    // Whether the param is locked, and whether by this session. The reply never names another holder.
    const locked = holder !== undefined;
    const own = holder === session ? session.id : undefined;
    this.#replies.send(session, { type: 'ack', address, revision, locked, holder: own }, cut);
  }

  #remove(session: RouterSession, address: string, qos: Qos, nowMicros: number): void {
    const revision = this.#writes.remove(session, address, nowMicros);
    session.hasWritten = true;
    if (!this.#wantsAck(qos)) return;
    this.#replies.send(session, { type: 'ack', address, revision }, this.#options.replyHold?.cutFor(address));
  }

  #bundle(session: RouterSession, message: BundleMessage, qos: Qos, nowMicros: number): void {
    session.allowance?.overdraw(message.messages.length - 1); // the frame already paid for one message
    // From here on the deadline uses the monotonic clock. Changes of the wall clock do not affect it.
    const atMicros = Number(message.timestamp ?? 0) - this.#offsets.protocolAheadMicros;
    if (atMicros > nowMicros) {
      // Checked now, so that the sender receives an error at once, and again when the bundle runs.
      this.#scheduled.check(session, atMicros, nowMicros);
      this.#writes.checkBundle(session, message, nowMicros);
      for (const dropped of this.#scheduled.add(session, message, atMicros)) this.#bundles.reportDropped(dropped);
      session.hasWritten = true;
      if (this.#wantsAck(qos)) this.#replies.send(session, { type: 'ack' });
      return;
    }
    const revision = this.#writes.bundle(session, message, nowMicros)?.revision;
    session.hasWritten = true;
    if (this.#wantsAck(qos)) this.#replies.send(session, { type: 'ack', revision }, this.#cutOf(message));
  }

  /** Returns the latest cut that one of the SETs of a bundle must wait for. */
  #cutOf({ messages }: BundleMessage): number {
    const { replyHold } = this.#options;
    let cut = 0;
    if (replyHold === undefined) return cut;
    for (const inner of messages) if (inner.type === 'set') cut = Math.max(cut, replyHold.cutFor(inner.address));
    return cut;
  }

  #get(session: RouterSession, { address }: GetMessage, nowMicros: number): void {
    session.permissions.checkRead(address, nowMicros);
    if (isSystemAddress(address)) this.#system.asked(nowMicros);
    const store = this.#storeOf(address);
    const param = store.get(address, nowMicros);
    if (param !== undefined && this.#hooks.isVisible(session, address)) {
      store.read(param, nowMicros);
      this.#replies.inPieces(session, [param.entry(this.#offsets.protocolAheadMicros)], (params) => ({
        type: 'snapshot',
        params,
      }));
      this.#routing.noteDelivered(session, address, param.value, false);
      return;
    }
    parseAddress(address);
    if (this.#options.unknownAddress === 'error') {
      throw new ClaspError(ErrorCode.AddressNotFound, 'Address not found', { address });
    }
  }

  /** The reply follows the replies to earlier QUERYs. Its time is the time of sending. */
  #sync(session: RouterSession, { t1 }: SyncMessage, receivedMicros: number): void {
    const answer = (): void => {
      const answeredMicros = this.#readMicros();
      const { protocolAheadMicros } = this.#offsets; // one reading for both times
      const [t2, t3] = [receivedMicros + protocolAheadMicros, answeredMicros + protocolAheadMicros];
      this.#replies.send(session, { type: 'sync', t1, t2, t3 });
    };
    if (!this.#queries.runAfterReplies(session, answer)) answer();
  }

  /** A flood of undecodable frames closes a session; single ones do not. The router replies at most once per second. */
  #malformed(session: RouterSession, { error }: MalformedMessage, nowMicros: number): void {
    this.#counters.malformed++;
    const most = this.#options.maxMalformedPerMinute;
    switch (session.malformedLimit.judge(nowMicros, most)) {
      case 'reply':
        return this.#replies.error(session, error);
      case 'ignore':
        return;
      case 'close': {
        const text = `More than ${most} frames in a minute could not be read`;
        session.notify({ type: 'end.protocolViolated', error: new ClaspError(error.code, text) });
      }
    }
  }

  #wantsAck(qos: Qos): boolean {
    return qos !== Qos.Fire || this.#options.acks === 'always';
  }
}

function rateLimited({ messagesPerSecond, dropped }: RateLimitedMessage): ClaspError {
  return new ClaspError(
    ErrorCode.RateLimited,
    `Rate limit exceeded: ${messagesPerSecond} messages/second; ${dropped} messages were dropped; ` +
      'the limit is the option maxMessagesPerSecond',
  );
}
