import { ErrorCode } from '../../src/protocol/errors.js';
import type { Message } from '../../src/protocol/messages/message.js';
import type { Random } from '../support/mutate.mjs';
import { OfficialClient } from '../support/official-client.js';
import type { Write } from './ledger.js';
import { addresses, count, eventually, type Performer, SHOW, type Stage, sleep, textOf } from './stage.js';
import { View } from './view.js';

export interface OfficialPerformerOptions {
  readonly name: string;
  readonly url: string;
  readonly random: Random;
  readonly stage: Stage;
}

const RECONNECT_MS = 50;

/**
 * A performer with the official client. That client does not match answers to writes, so this class does so from the
 * messages.
 */
export class OfficialPerformer implements Performer {
  readonly name: string;
  readonly isOnBrokenLine = false;
  view: View;
  readonly #options: OfficialPerformerOptions;
  readonly #random: Random;
  readonly #stage: Stage;
  #client: OfficialClient | undefined;
  /** Unanswered writes, oldest first, by address; bundles, whose ACK has no address, under ''. */
  readonly #waiting = new Map<string, Write[][]>();

  /** Needs a network without faults: if its first attempt fails, this client retries without limit. */
  static async join(options: OfficialPerformerOptions): Promise<OfficialPerformer> {
    const performer = new OfficialPerformer(options);
    await performer.#join();
    return performer;
  }

  private constructor(options: OfficialPerformerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#random = options.random;
    this.#stage = options.stage;
    this.view = new View(this.name, this.#stage.ledger);
  }

  async act(): Promise<void> {
    await sleep(5 + this.#random.below(30));
    this.#read();
    if (this.#client?.clasp.connected !== true) return;
    const dice = this.#random.below(100);
    if (dice < 40) this.#set(addresses.shared(this.#random));
    else if (dice < 60) this.#set(addresses.own(this.name, this.#random));
    else if (dice < 75) this.#set(addresses.loose(this.#random));
    else if (dice < 85)
      this.#set(addresses.locked(this.#random)); // refused if another session holds the lock
    else this.#bundle();
  }

  async settle(): Promise<void> {
    const client = this.#client;
    // The client stops after ten attempts; a user would then reload the page.
    const isBack = await eventually(() => client?.clasp.connected === true, 'reconnected', 10_000).then(
      () => true,
      () => false,
    );
    if (isBack) return;
    count(this.#stage, 'official client reloaded');
    await this.leave();
    this.#forgetWaiting();
    await this.#join();
  }

  lookAgain(): Promise<void> {
    this.#read();
    return Promise.resolve();
  }

  faults(): readonly string[] {
    return [...this.view.params]
      .filter(([address, { value }]) => this.#client?.clasp.cached(address) !== value)
      .map(([address]) => `${this.name} was told of ${address}, and its cache has something else`);
  }

  leave(): Promise<void> {
    this.#client?.close();
    this.#client = undefined;
    return Promise.resolve();
  }

  async #join(): Promise<void> {
    this.view = new View(this.name, this.#stage.ledger);
    this.#client = await OfficialClient.connect(this.#options.url, { name: this.name, reconnectMs: RECONNECT_MS });
    this.#client.clasp.on(SHOW, () => undefined);
    count(this.#stage, 'joined');
  }

  #set(address: string): void {
    count(this.#stage, 'set');
    this.#read();
    const write = this.#begin(address);
    this.#client?.clasp.set(address, write.value);
    this.#wait(address, [write]);
  }

  #bundle(): void {
    count(this.#stage, 'bundle');
    this.#read();
    const value = this.#stage.ledger.newValue(this.name);
    const pair = addresses.pair(this.#random);
    const writes = pair.map((address) => this.#begin(address, value));
    this.#client?.clasp.bundle(pair.map((address) => ({ set: [address, value] })));
    this.#wait('', writes);
  }

  #begin(address: string, value?: string): Write {
    const session = this.#client?.clasp.session ?? 'none';
    return this.#stage.ledger.begin(address, { author: this.name, session, isOrdered: true }, value);
  }

  #wait(address: string, writes: Write[]): void {
    const waiting = this.#waiting.get(address);
    if (waiting === undefined) this.#waiting.set(address, [writes]);
    else waiting.push(writes);
  }

  /** Unanswered writes of the previous session will not be answered. */
  #forgetWaiting(): void {
    this.#waiting.clear();
  }

  /** Processes new messages. Must run before each write, or an answer could be attributed to the next write. */
  #read(): void {
    for (const message of this.#client?.received.splice(0) ?? []) this.#take(message);
  }

  #take(message: Message): void {
    switch (message.type) {
      case 'welcome':
        this.view.newConnection();
        this.#forgetWaiting();
        return;
      case 'set':
        this.#heard(message.address, message.revision, message.value.decode(), false);
        return;
      case 'snapshot':
        for (const { address, revision, value } of message.params) this.#heard(address, revision, value.decode(), true);
        return;
      case 'ack':
        this.#answered(message.address, Number(message.revision));
        return;
      case 'error':
        this.#refused(message.code, message.message, message.address);
        return;
      default:
        return;
    }
  }

  #heard(address: string, revision: number | bigint | undefined, value: unknown, isRepeat: boolean): void {
    if (address.startsWith('/show/'))
      this.view.heard(address, { revision: Number(revision), value: textOf(value) }, isRepeat);
  }

  #answered(address: string | undefined, revision: number): void {
    const writes = this.#waiting.get(address ?? '')?.shift();
    if (writes === undefined) {
      this.#violation(`got an ACK that nothing waited for: ${address ?? 'of a bundle'}`);
      return;
    }
    for (const write of writes) write.outcome = { kind: 'stored', revision: undefined };
    const last = writes.at(-1);
    if (last !== undefined) last.outcome = { kind: 'stored', revision };
  }

  #refused(code: number, text: string, address: string | undefined): void {
    const isBundle = text.startsWith('Bundle rejected');
    const writes = this.#waiting.get(isBundle || address === undefined ? '' : address)?.shift();
    for (const write of writes ?? []) write.outcome = { kind: 'not stored' };
    if (writes === undefined || code !== ErrorCode.LockHeld) this.#violation(`was told: ${code} ${text}`);
  }

  #violation(text: string): void {
    this.#stage.ledger.violations.push(`${this.name} ${text}`);
  }
}
