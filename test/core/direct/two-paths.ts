import { deepEqual } from 'node:assert/strict';
import fc from 'fast-check';
import type { ChangeLog } from '../../../src/core/change.js';
import { EncodedValue } from '../../../src/protocol/values/encoded-value.js';
import type { CoreInput } from '../../../src/core/recorder.js';
import type { WatchedParam } from '../../../src/core/param-watch.js';
import type { RouterCoreOptions } from '../../../src/core/router-core-options.js';
import type { Grant } from '../../../src/core/ports.js';
import { encodeFrame } from '../../../src/protocol/frame.js';
import { decodeInbound } from '../../../src/protocol/inbound.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { CoreHarness, type Peer, type PeerOptions } from '../../support/core-harness.js';

export type TwoPathsOptions = Partial<RouterCoreOptions> & {
  /** Whether a change log and a watch for params are on. @default false */
  readonly isObserved?: boolean;
  /** Whether a recorder is on. @default false */
  readonly isRecorded?: boolean;
};

/** One router, whose input is either decoded first or given as bytes. */
class OnePath {
  readonly harness: CoreHarness;
  readonly peers: Peer[] = [];
  /** What the log, the watch and the recorder have received. */
  readonly observed: string[] = [];
  readonly #isDirect: boolean;

  constructor(options: TwoPathsOptions, isDirect: boolean) {
    const { isObserved = false, isRecorded = false, ...settings } = options;
    const recorder = { record: (input: CoreInput) => void this.observed.push(textOf(input)) };
    this.harness = new CoreHarness({
      ...settings,
      ...(isObserved && this.#observers()),
      ...(isRecorded && { recorder }),
    });
    this.#isDirect = isDirect;
  }

  #observers(): Pick<RouterCoreOptions, 'changeLogs' | 'paramWatch'> {
    const changeLogs: ChangeLog[] = [
      {
        wants: (address) => address.startsWith('/a'),
        append: (changes) => {
          this.observed.push(...changes.map(textOf));
          return 0;
        },
        onCommitted: () => () => undefined,
      },
    ];
    const paramWatch = {
      generation: 1,
      touch: (param: WatchedParam) => {
        this.observed.push(`touch ${param.revision} ${textOf(param.entry(0))}`);
        param.stored = paramWatch.generation;
        paramWatch.generation += param.revision % 2; // a new cut begins now and then
      },
    };
    return { changeLogs, paramWatch };
  }

  join(
    options: PeerOptions,
    hello: Partial<Message>,
    grant: Partial<Grant> | undefined,
    encoding: 'binary' | 'json',
  ): void {
    const peer = this.harness.connect(options);
    peer.send({ type: 'hello', version: 1, name: 'peer', features: ['param'], ...hello } as Message, { encoding });
    if (grant !== undefined) peer.admit(grant);
    this.peers.push(peer);
  }

  frame(from: number, bytes: Uint8Array): void {
    const peer = this.peers[from];
    if (peer === undefined) return;
    const { core, nowMicros } = this.harness;
    core.beginBatch();
    if (this.#isDirect) core.handleBytes(peer.session, bytes, 0, bytes.length, nowMicros);
    else core.handle(peer.session, decodeInbound(bytes, 0, bytes.length), nowMicros);
  }

  /** Returns the bytes that each session gets in this tick, or the messages of an in-process session. */
  output(): readonly string[] {
    this.harness.core.takeDirty();
    return this.peers.map((peer) => {
      const { link, outbox } = peer.session;
      return link.deliver === undefined ? Buffer.from(outbox.take(true)).toString('hex') : textOf(peer.read());
    });
  }

  /** Returns everything else that can differ. */
  get state(): object {
    const { core } = this.harness;
    const sessions = this.peers.map(({ session, events }) => ({
      phase: session.phase,
      hasWritten: session.hasWritten,
      lastError: session.lastError,
      queued: { messages: session.sendQueue.messages, bytes: session.sendQueue.bytes },
      events: events.map(({ type }) => type),
    }));
    return { state: core.state(), statistics: core.statistics(), sessions, observed: this.observed };
  }
}

/** Two routers with the same input. One gets messages, the other one bytes. Their outputs must be equal. */
export class TwoPaths {
  readonly #decoded: OnePath;
  readonly #direct: OnePath;

  constructor(options: TwoPathsOptions = {}) {
    this.#decoded = new OnePath(options, false);
    this.#direct = new OnePath(options, true);
  }

  /** The router that gets bytes. */
  get direct(): OnePath {
    return this.#direct;
  }

  /** @param encoding of HELLO; JSON needs WebSocket framing */
  join(
    options: PeerOptions = {},
    hello: Partial<Message> = {},
    grant?: Partial<Grant>,
    encoding: 'binary' | 'json' = 'binary',
  ): void {
    for (const path of [this.#decoded, this.#direct]) path.join(options, hello, grant, encoding);
  }

  send(from: number, message: Message, qos?: 0 | 1 | 2): void {
    this.frame(from, encodeFrame(message, { qos }));
  }

  frame(from: number, bytes: Uint8Array): void {
    for (const path of [this.#decoded, this.#direct]) path.frame(from, bytes);
  }

  /** Does the same with both routers. */
  both(act: (path: OnePath) => void): void {
    for (const path of [this.#decoded, this.#direct]) act(path);
  }

  /** Moves the clock without any work that is due. */
  wait(seconds: number): void {
    this.both(({ harness }) => {
      harness.nowMicros += seconds * 1_000_000;
    });
  }

  /** Moves the clock and does the work that is due. */
  advance(seconds: number): void {
    this.both(({ harness }) => {
      harness.advance(seconds);
    });
  }

  /** A session stops or continues to accept bytes, if it is established. */
  setPhase(from: number, phase: 'congested' | 'active'): void {
    this.both(({ peers }) => {
      const session = peers[from]?.session;
      if (session?.established === true) session.phase = phase;
    });
  }

  /** A session is lost, if it is established. */
  lose(from: number): void {
    this.both(({ peers }) => {
      const peer = peers[from];
      if (peer?.session.established === true) peer.leave('lost');
    });
  }

  /** Does all remaining work. @throws AssertionError if output or state differ */
  finish(): void {
    this.both(({ harness }) => {
      harness.settle();
    });
    this.compare();
    this.compareState();
  }

  /** Ends the tick. @throws AssertionError if a session gets other bytes than its counterpart */
  compare(): void {
    deepEqual(this.#direct.output(), this.#decoded.output());
  }

  /** @throws AssertionError if params, statistics or sessions differ */
  compareState(): void {
    deepEqual(this.#direct.state, this.#decoded.state);
  }
}

/** Returns the content of a change, with the bytes of its values. */
function textOf(content: unknown): string {
  return JSON.stringify(content, function (this: Readonly<Record<string, unknown>>, key: string, field: unknown) {
    const original = this[key]; // before toJSON
    if (original instanceof EncodedValue) {
      return [original.type, Buffer.from(original.bytes.slice(original.start, original.end)).toString('hex')];
    }
    return typeof field === 'bigint' ? String(field) : field;
  });
}

/** Runs lists of random steps, with and without tokens. @param run throws if the two paths differ */
export function runRandomSteps<S>(
  step: fc.Arbitrary<S>,
  numRuns: number,
  run: (steps: readonly S[], isAuthenticated: boolean) => void,
): void {
  fc.assert(fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), fc.boolean(), run), { numRuns });
}
