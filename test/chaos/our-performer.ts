import type { SetOptions } from '../../src/client/call-options.js';
import { type Client, ClientError, type ClientOptions, connect } from '../../src/client/node.js';
import { ClaspError, ErrorCode } from '../../src/protocol/errors.js';
import type { Random } from '../support/mutate.mjs';
import type { Outcome, Write } from './ledger.js';
import { addresses, count, eventually, type Performer, SHOW, type Stage, sleep, textOf, VANDALISED } from './stage.js';
import { View } from './view.js';

export interface OurPerformerOptions {
  readonly name: string;
  /** URL of the proxy in front of the listener. */
  readonly url: string;
  readonly encoding?: ClientOptions['encoding'];
  readonly line: 'reliable' | 'datagrams' | 'broken';
  readonly ackTimeoutMs: number;
  readonly random: Random;
  readonly stage: Stage;
}

/** ERRORs that a router sends only to a client that made an error. */
const FAULTS: readonly number[] = [ErrorCode.InvalidFrame, ErrorCode.InvalidMessage, ErrorCode.InternalError];

/** A performer with `clasp-router/client`. */
export class OurPerformer implements Performer {
  readonly name: string;
  readonly isOnBrokenLine: boolean;
  view: View;
  readonly #options: OurPerformerOptions;
  readonly #random: Random;
  readonly #stage: Stage;
  #client: Client | undefined;

  static async join(options: OurPerformerOptions): Promise<OurPerformer> {
    const performer = new OurPerformer(options);
    await performer.settle();
    return performer;
  }

  private constructor(options: OurPerformerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#random = options.random;
    this.#stage = options.stage;
    this.isOnBrokenLine = options.line === 'broken';
    this.view = this.#newView();
  }

  async act(): Promise<void> {
    await sleep(5 + this.#random.below(20));
    const client = this.#client;
    const dice = this.#random.below(100);
    if (client === undefined || client.state === 'closed') return this.#tryToJoin();
    if (client.state !== 'open') return;
    if (dice < 3) return this.#goAndComeBack();
    if (this.isOnBrokenLine) return this.#vandalise(client);
    if (dice < 40) return this.#writeSeveral(client);
    if (dice < 60) return this.#write(client, addresses.loose(this.#random));
    if (dice < 70) return this.#ask(client, addresses.loose(this.#random));
    if (this.#options.line === 'datagrams') return this.#write(client, this.#own());
    if (dice < 80) return this.#writePair(client);
    if (dice < 90) return this.#lock(client);
    return this.#ask(client, addresses.shared(this.#random));
  }

  async settle(): Promise<void> {
    await eventually(async () => {
      if (this.#client?.state === 'open') return true;
      if (this.#client === undefined || this.#client.state === 'closed') await this.#tryToJoin();
      return false;
    }, `${this.name}: to be connected`);
  }

  async lookAgain(): Promise<void> {
    if (this.#options.line === 'reliable') return;
    await this.leave();
    await this.settle();
  }

  faults(): readonly string[] {
    const client = this.#client;
    const { params } = this.view;
    return [...params]
      .filter(([address, { value }]) => client?.cached(address)?.value !== value)
      .map(([address]) => `${this.name} was told of ${address}, and its cache has something else`);
  }

  async leave(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  #own(): string {
    return addresses.own(this.name, this.#random);
  }

  #newView(): View {
    return new View(this.name, this.isOnBrokenLine ? undefined : this.#stage.ledger);
  }

  // --- connecting and closing
  // -----------------------------------------------------------------------------------------

  async #tryToJoin(): Promise<void> {
    const { url, encoding, line, name, ackTimeoutMs } = this.#options;
    // Short times, so that much happens in a short show. No check depends on them.
    const client = await connect(url, {
      name,
      encoding,
      ackTimeoutMs,
      connectTimeoutMs: 2_000,
      keepAliveMs: 1_000,
      reconnect: { initialDelayMs: 20, maxDelayMs: 500 },
      random: () => this.#random.below(1_000) / 1_000,
    }).catch(() => undefined);
    if (client === undefined) return;
    const view = this.#newView();
    client.onState(({ state, reason }) => {
      if (state !== 'open') view.newConnection();
      if (state === 'closed' && reason !== undefined && line === 'reliable')
        this.#violation(`was closed: ${reason.message}`);
    });
    client.onError((error) => {
      if (line === 'broken') return;
      const isFault = error instanceof ClaspError ? FAULTS.includes(error.code) : true;
      if (isFault) this.#violation(`was told: ${error.message}`);
    });
    client.on(
      SHOW,
      ({ address, value, revision, fromSnapshot }) => {
        view.heard(address, { revision: Number(revision), value: textOf(value) }, fromSnapshot);
      },
      { types: ['param'] },
    );
    this.#client = client;
    this.view = view;
    count(this.#stage, 'joined');
  }

  async #goAndComeBack(): Promise<void> {
    count(this.#stage, 'left');
    await this.leave();
    await sleep(this.#random.below(100));
    await this.#tryToJoin();
  }

  #violation(text: string): void {
    this.#stage.ledger.violations.push(`${this.name} ${text}`);
  }

  // --- acts
  // -----------------------------------------------------------------------------------------------------------

  /** Writes to different addresses at a time, because answers about the same address could not be attributed. */
  async #writeSeveral(client: Client): Promise<void> {
    const targets = this.#options.line === 'reliable' ? [addresses.shared(this.#random), this.#own()] : [this.#own()];
    await Promise.all(targets.map((address) => this.#write(client, address)));
  }

  async #write(client: Client, address: string, options: SetOptions = {}): Promise<void> {
    await this.#set(client, address, options);
  }

  async #set(client: Client, address: string, options: SetOptions): Promise<Write> {
    count(this.#stage, 'set');
    const write = this.#stage.ledger.begin(address, this.#author(client));
    write.outcome = await this.#outcome(client.set(address, write.value, options));
    return write;
  }

  async #writePair(client: Client): Promise<void> {
    count(this.#stage, 'bundle');
    const { ledger } = this.#stage;
    const value = ledger.newValue(this.name);
    const pair = addresses.pair(this.#random);
    // of two
    const [left, right] = pair.map((address) => ledger.begin(address, this.#author(client), value)) as [Write, Write];
    right.outcome = await this.#outcome(client.bundle(pair.map((address) => ({ kind: 'param', address, value }))));
    left.outcome = right.outcome.kind === 'stored' ? { kind: 'stored', revision: undefined } : right.outcome;
  }

  /** Takes a lock, writes under it, and releases it. While the session lasts, no other session can write there. */
  async #lock(client: Client): Promise<void> {
    count(this.#stage, 'lock');
    const address = addresses.locked(this.#random);
    const { session } = client;
    const first = await this.#set(client, address, { lock: true });
    const held = [first.outcome];
    for (let i = this.#random.below(4); i >= 0; i--) {
      const { outcome } = await this.#set(client, address, i === 0 ? { unlock: true } : {});
      if (session !== client.session) break;
      const wasHeld = first.outcome.kind === 'stored';
      if (wasHeld && outcome.kind === 'not stored' && client.state === 'open')
        this.#violation(`was refused at ${address} while it held the lock`);
      held.push(outcome);
    }
    const revisions = held.flatMap((outcome) => (outcome.kind === 'stored' ? [outcome.revision ?? 0] : []));
    const [fromRevision, toRevision] = [revisions[0], revisions.at(-1)];
    if (first.outcome.kind === 'stored' && fromRevision !== undefined && toRevision !== undefined)
      this.#stage.ledger.held({ address, holder: this.name, fromRevision, toRevision });
  }

  async #ask(client: Client, address: string): Promise<void> {
    count(this.#stage, 'get');
    const param = await client.get(address).catch(() => undefined);
    if (param === undefined) return;
    this.#stage.ledger.heard(this.name, address, { revision: Number(param.revision), value: textOf(param.value) });
  }

  async #vandalise(client: Client): Promise<void> {
    count(this.#stage, 'vandalism');
    const address = `${VANDALISED}/${this.name}/${this.#random.below(4)}`;
    await client.set(address, 'x'.repeat(this.#random.below(200)), { qos: 1 }).catch(() => undefined);
  }

  #author(client: Client): Pick<Write, 'author' | 'session' | 'isOrdered'> {
    const { session = 'none' } = client;
    return { author: this.name, session, isOrdered: this.#options.line === 'reliable' };
  }

  /** Returns the outcome of a write, according to the client's documentation. */
  async #outcome(answer: Promise<{ readonly revision?: number | bigint | undefined } | undefined>): Promise<Outcome> {
    try {
      const { revision } = (await answer) ?? {};
      count(this.#stage, 'acknowledged');
      // A datagram can be duplicated and answered twice, and the second answer cannot be attributed.
      if (this.#options.line !== 'reliable') return { kind: 'unknown' };
      return { kind: 'stored', revision: revision === undefined ? undefined : Number(revision) };
    } catch (error) {
      if (error instanceof ClaspError) {
        count(this.#stage, `error ${error.code}`);
        if (error.code !== ErrorCode.LockHeld) this.#violation(`was refused: ${error.code} ${error.message}`);
        return { kind: 'not stored' };
      }
      if (!(error instanceof ClientError)) throw error;
      count(this.#stage, error.kind);
      switch (error.kind) {
        case 'offline':
        case 'overloaded':
        case 'unanswered':
          return { kind: 'not stored' };
        case 'timeout':
        case 'lost':
        case 'closed':
        case 'unreachable':
        case 'listener':
          return { kind: 'unknown' };
      }
    }
  }
}
