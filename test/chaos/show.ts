import { connect } from '../../src/client/node.js';
import { ClaspError, ErrorCode } from '../../src/protocol/errors.js';
import { calm, type ChaosProxy, tcpChaosProxy, udpChaosProxy } from '../support/chaos-proxy.js';
import { Random } from '../support/mutate.mjs';
import { type FinalParam, Ledger } from './ledger.js';
import { OfficialPerformer } from './official-performer.js';
import { OurPerformer } from './our-performer.js';
import { addresses, eventually, type Performer, SHOW, type Stage, sleep, textOf } from './stage.js';
import { View } from './view.js';
import { WeatherMaker } from './weather-maker.js';

/** Ports of the router under test on 127.0.0.1. */
export interface Doors {
  readonly websocket: number;
  readonly tcp: number;
  readonly udp: number;
}

export interface Cast {
  /** For the client of this package over WebSocket, alternating binary, CBOR and JSON. */
  readonly websocket: number;
  /** The same over TCP, alternating binary and CBOR. */
  readonly tcp: number;
  readonly udp: number;
  /** For the official client, over WebSocket. */
  readonly official: number;
  /** For clients on lines that flip bits, alternating WebSocket and TCP. */
  readonly broken: number;
}

export interface ShowOptions {
  readonly doors: Doors;
  readonly cast: Cast;
  /**
   * 0 to 2^32-1. The faults are the same for the same seed, but not the operations that they hit, because they do not
   * wait for each other.
   */
  readonly seed: number;
  /** Milliseconds between two changes of the faults. */
  readonly stepMs: number;
  /**
   * Milliseconds that the clients of this package wait for an answer. If a stall lasts longer, late answers arrive
   * during later requests. @default 1_000
   */
  readonly ackTimeoutMs?: number;
  /** Called after each change of the faults. */
  readonly goesOn: (progress: () => ShowProgress) => boolean;
}

export interface ShowProgress {
  readonly steps: number;
  readonly writes: number;
  /** Writes that were acknowledged with an attributable answer. */
  readonly stored: number;
  readonly acts: ReadonlyMap<string, number>;
  readonly cuts: number;
  readonly stalls: number;
  readonly refusals: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly flips: number;
  /** Violations found so far. */
  readonly violations: readonly string[];
}

export interface ShowReport extends ShowProgress {
  /** Params on which all clients agree in the end. */
  readonly params: number;
}

const BYTES_PER_FLIP = 300;

/**
 * A show under faults: clients write, send bundles, lock, close and reconnect through proxies whose faults change
 * constantly. In the end the faults stop, all clients connect again, and the view of each must equal the state of the
 * router.
 */
export async function show(options: ShowOptions): Promise<ShowReport> {
  const stage: Stage = { ledger: new Ledger(), acts: new Map() };
  const proxies = await openProxies(options);
  const performers = await cast(options, proxies, stage);
  const observer = await Observer.join(options.doors, stage.ledger);
  const weather = new WeatherMaker(
    [
      ...[proxies.websocket, proxies.tcp, proxies.udp].map((proxy) => ({ proxy, best: calm })),
      ...[proxies.brokenWebsocket, proxies.brokenTcp].map((proxy) => ({
        proxy,
        best: { ...calm, bytesPerFlip: BYTES_PER_FLIP },
      })),
    ],
    new Random(options.seed),
  );
  const progress = (): ShowProgress => progressOf(weather.steps, stage, Object.values(proxies));

  try {
    let isOn = true;
    const plays = performers.map(async (performer) => {
      while (isOn) await performer.act();
    });
    do {
      weather.step();
      await sleep(options.stepMs);
    } while (options.goesOn(progress));
    isOn = false;
    weather.clear();
    await Promise.all(plays);
    const violations = [...(await finale(performers, observer, stage.ledger))];
    return { ...progress(), params: observer.view.params.size, violations };
  } finally {
    await Promise.all(performers.map((performer) => performer.leave()));
    await observer.leave();
    await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
  }
}

/** Runs after all faults have stopped. */
async function finale(
  performers: readonly Performer[],
  observer: Observer,
  ledger: Ledger,
): Promise<readonly string[]> {
  const found: string[] = [];
  const attempt = async (step: Promise<void>): Promise<void> => {
    await step.catch((error: unknown) => found.push(textOfError(error)));
  };
  await Promise.all(performers.map((performer) => attempt(performer.settle())));
  await Promise.all(performers.map((performer) => attempt(agreed(performer, observer.view))));
  await attempt(observer.isRight());
  found.push(...performers.flatMap((performer) => (performer.isOnBrokenLine ? [] : performer.faults())));
  found.push(...ledger.judge(observer.view.params));
  for (const [left, right] of addresses.allPairs) {
    const [one, other] = [observer.view.params.get(left), observer.view.params.get(right)];
    if (one?.value !== other?.value || one?.revision !== other?.revision)
      found.push(
        `${left} and ${right} are only written together, and differ: ${one?.value ?? 'none'}, ${other?.value ?? 'none'}`,
      );
  }
  await Promise.all(performers.map((performer) => performer.leave()));
  for (const address of addresses.allLocked) await attempt(observer.canWrite(address));
  return found;
}

/**
 * Resolves when the performer's view equals the router's state. Only writes in flight can still change it. The
 * timeout is an upper bound, not an expected duration.
 */
async function agreed(performer: Performer, truth: View): Promise<void> {
  const differences = (): readonly string[] => performer.view.differences(truth.params, performer.isOnBrokenLine);
  await eventually(async () => {
    if (differences().length === 0) return true;
    await performer.lookAgain();
    return differences().length === 0;
  }, `that ${performer.name} knows what the router holds`).catch((error: unknown) => {
    throw new Error(`${textOfError(error)}: ${differences().join('; ')}`);
  });
}

async function openProxies({ doors, seed }: ShowOptions) {
  const [websocket, tcp, udp, brokenWebsocket, brokenTcp] = await Promise.all([
    tcpChaosProxy(doors.websocket, { seed }),
    tcpChaosProxy(doors.tcp, { seed: seed ^ 1 }),
    udpChaosProxy(doors.udp, { seed: seed ^ 2 }),
    tcpChaosProxy(doors.websocket, { seed: seed ^ 3 }),
    tcpChaosProxy(doors.tcp, { seed: seed ^ 4 }),
  ]);
  return { websocket, tcp, udp, brokenWebsocket, brokenTcp };
}

type Proxies = Awaited<ReturnType<typeof openProxies>>;

function cast(options: ShowOptions, proxies: Proxies, stage: Stage): Promise<readonly Performer[]> {
  const { websocket, tcp, udp, official, broken } = options.cast;
  const ws = (proxy: ChaosProxy): string => `ws://127.0.0.1:${proxy.port}`;
  const plain = (proxy: ChaosProxy): string => `tcp://127.0.0.1:${proxy.port}`;
  let number = 0;
  const next = (kind: string): { name: string; random: Random; stage: Stage; ackTimeoutMs: number } => {
    number++;
    return {
      ackTimeoutMs: options.ackTimeoutMs ?? 1_000,
      name: `${kind}${number}`,
      random: new Random((options.seed + Math.imul(number, 0x85eb_ca6b)) >>> 0),
      stage,
    };
  };
  const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  const encodings = ['binary', 'cbor', 'json'] as const;
  return Promise.all<Performer>([
    ...many(websocket, (i) =>
      OurPerformer.join({
        ...next('ws'),
        url: ws(proxies.websocket),
        encoding: encodings[i % 3],
        line: 'reliable',
      }),
    ),
    ...many(tcp, (i) =>
      OurPerformer.join({ ...next('tcp'), url: plain(proxies.tcp), encoding: encodings[i % 2], line: 'reliable' }),
    ),
    ...many(udp, () =>
      OurPerformer.join({ ...next('udp'), url: `udp://127.0.0.1:${proxies.udp.port}`, line: 'datagrams' }),
    ),
    ...many(official, () => OfficialPerformer.join({ ...next('official'), url: ws(proxies.websocket) })),
    ...many(broken, (i) =>
      OurPerformer.join({
        ...next('broken'),
        url: i % 2 === 0 ? ws(proxies.brokenWebsocket) : plain(proxies.brokenTcp),
        line: 'broken',
      }),
    ),
  ]);
}

function progressOf(steps: number, { ledger, acts }: Stage, proxies: readonly ChaosProxy[]): ShowProgress {
  const sum = (count: (proxy: ChaosProxy) => number): number => proxies.reduce((all, proxy) => all + count(proxy), 0);
  return {
    steps,
    writes: ledger.writes,
    stored: ledger.count('stored'),
    acts,
    cuts: sum(({ counts }) => counts.cuts),
    stalls: sum(({ counts }) => counts.stalls),
    refusals: sum(({ counts }) => counts.refusals),
    lost: sum(({ counts }) => counts.lost),
    duplicates: sum(({ counts }) => counts.duplicates),
    flips: sum(({ counts }) => counts.flips),
    violations: [...ledger.violations],
  };
}

/** A client on a line without faults. Its view is the router's state, and it verifies that, too. */
class Observer {
  readonly view: View;
  readonly #client: Awaited<ReturnType<typeof connect>>;
  readonly #url: string;

  static async join({ websocket }: Doors, ledger: Ledger): Promise<Observer> {
    const url = `ws://127.0.0.1:${websocket}`;
    const observer = new Observer(url, await connect(url, { name: 'observer', reconnect: false }), ledger);
    return observer;
  }

  private constructor(url: string, client: Awaited<ReturnType<typeof connect>>, ledger: Ledger) {
    this.#url = url;
    this.#client = client;
    this.view = new View('observer', ledger);
    client.onState(({ state, reason }) => {
      if (state === 'closed' && reason !== undefined)
        ledger.violations.push(`the observer was cut off: ${reason.message}`);
    });
    watch(client, this.view);
  }

  /** Checks whether a new client receives the same state. */
  async isRight(): Promise<void> {
    const client = await connect(this.#url, { name: 'late', reconnect: false });
    const late = new View('somebody late', undefined);
    await watch(client, late).ready;
    await eventually(() => late.differences(this.view.params).length === 0, 'that a newcomer is shown the same').catch(
      (error: unknown) => {
        throw new Error(`${textOfError(error)}: ${late.differences(this.view.params).join('; ')}`);
      },
    );
    await client.close();
  }

  /** All other clients have closed, so every lock must be released as soon as the router has noticed. */
  async canWrite(address: string): Promise<void> {
    await eventually(async () => {
      try {
        await this.#client.set(address, 'the end');
        return true;
      } catch (error) {
        if (error instanceof ClaspError && error.code === ErrorCode.LockHeld) return false;
        throw error;
      }
    }, `that the lock of ${address} is released`);
  }

  leave(): Promise<void> {
    return this.#client.close();
  }
}

function watch(client: Awaited<ReturnType<typeof connect>>, view: View) {
  return client.on(
    SHOW,
    ({ address, value, revision, fromSnapshot }) => {
      const param: FinalParam = { revision: Number(revision), value: textOf(value) };
      view.heard(address, param, fromSnapshot);
    },
    { types: ['param'] },
  );
}

function textOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
