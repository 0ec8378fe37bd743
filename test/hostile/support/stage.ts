import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NEVER } from 'rxjs';
import { createRouter, type Router, type RouterOptions, type Transport, webSocket } from '../../../src/index.js';
import { quic } from '../../../src/transports/quic/index.js';
import { pipe, tcp } from '../../../src/transports/tcp/index.js';
import { TransportUnavailable } from '../../../src/net/transport-error.js';
import { udp } from '../../../src/transports/udp/index.js';
import { recordingLogger } from '../../actors/session/recording-logger.js';
import { quicCertificate } from '../../support/quic-client.js';
import {
  answered,
  type Attacker,
  hello,
  quicAttacker,
  say,
  streamAttacker,
  udpAttacker,
  webSocketAttacker,
} from './attacker.js';
import { Bystanders } from './bystanders.js';
import { eventually } from './eventually.js';
import { SteadyClock } from '../../support/steady-clock.js';

export const transports = ['websocket', 'tcp', 'pipe', 'udp', 'quic'] as const;
export type TransportName = (typeof transports)[number];

/** Number of the bystanders' sessions and subscriptions. */
const BYSTANDERS = 2;
/** Longer than the timeout after which UDP removes a silent peer. */
const UDP_IDLE_MS = 33_000;

/**
 * A router with a listener for every transport, a pair of bystanders, and its log. Only {@link pass} advances the
 * clock, so nothing depends on the speed of the machine.
 */
export class Stage {
  readonly router: Router;
  readonly bystanders: Bystanders;
  readonly log: ReturnType<typeof recordingLogger>;
  readonly clock: SteadyClock;
  /** Clock of the WebSocket listener's timeouts and of UDP's idle timeout. */
  readonly doorClock: SteadyClock;
  readonly urls: ReadonlyMap<TransportName, string>;
  readonly #ports: ReadonlyMap<TransportName, number>;
  readonly #attackers: Attacker[] = [];
  readonly #folder: string;

  static async open(options: RouterOptions = {}): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'clasp-hostile-'));
    const [clock, doorClock, log] = [new SteadyClock(), new SteadyClock(), recordingLogger()] as const;
    const router = createRouter({ drainTimeoutSeconds: 1, ...options, clock, logger: log });
    const host = '127.0.0.1';
    const path = process.platform === 'win32' ? `\\\\.\\pipe\\clasp-hostile-${process.pid}` : join(folder, 'clasp');
    const tls = { credentials: await quicCertificate(), renewed$: NEVER };
    const doors: readonly (readonly [TransportName, Transport])[] = [
      ['websocket', webSocket({ port: 0, host, clock: doorClock, pingIntervalMs: 0 })],
      ['tcp', tcp({ port: 0, host })],
      ['pipe', pipe({ path })],
      ['udp', udp({ port: 0, host, clock: doorClock })],
      ['quic', quic({ port: 0, host, tls })],
    ];
    const urls = new Map<TransportName, string>();
    const ports = new Map<TransportName, number>();
    for (const [name, door] of doors) {
      try {
        const [address] = await router.listen(door);
        urls.set(name, address!.url); // an open listener has an address
        ports.set(name, address!.port);
      } catch (error) {
        if (!(error instanceof TransportUnavailable)) throw error; // QUIC is not available everywhere
      }
    }
    const bystanders = await Bystanders.enter(urls.get('websocket')!);
    await bystanders.exchange();
    return new Stage({ router, bystanders, log, clock, doorClock, urls, ports, folder });
  }

  private constructor(parts: {
    readonly router: Router;
    readonly bystanders: Bystanders;
    readonly log: ReturnType<typeof recordingLogger>;
    readonly clock: SteadyClock;
    readonly doorClock: SteadyClock;
    readonly urls: ReadonlyMap<TransportName, string>;
    readonly ports: ReadonlyMap<TransportName, number>;
    readonly folder: string;
  }) {
    this.router = parts.router;
    this.bystanders = parts.bystanders;
    this.log = parts.log;
    this.clock = parts.clock;
    this.doorClock = parts.doorClock;
    this.urls = parts.urls;
    this.#ports = parts.ports;
    this.#folder = parts.folder;
  }

  /** Returns whether this computer supports the transport. */
  has(transport: TransportName): boolean {
    return this.urls.has(transport);
  }

  portOf(transport: TransportName): number {
    return this.#ports.get(transport)!; // only asked for open listeners
  }

  /** Connects without sending anything. Over UDP, no connection exists before HELLO. */
  async connect(transport: TransportName): Promise<Attacker> {
    const attacker = await this.#reach(transport);
    this.#attackers.push(attacker);
    return attacker;
  }

  /** Connects, sends HELLO and receives the first answers. */
  async join(transport: TransportName): Promise<Attacker> {
    const attacker = await this.connect(transport);
    say(attacker, hello);
    await eventually(() => attacker.messages.length >= 2, 'WELCOME and SNAPSHOT');
    await answered(attacker);
    return attacker;
  }

  /** Sends frames in batches of 50; resolves when the router has read all of them, whatever it did with them. */
  async floodAndRead(attacker: Attacker, frames: readonly Uint8Array[]): Promise<void> {
    const read = (): number => this.router.statistics().totals.receivedBytes;
    for (let at = 0; at < frames.length; at += 50) {
      const lot = frames.slice(at, at + 50);
      const end = read() + lot.reduce((sum, { length }) => sum + length, 0);
      attacker.send(lot);
      await eventually(() => read() >= end, 'the router to read a lot');
      await this.bystanders.exchange();
    }
  }

  /** Advances the router's clock. */
  async pass(milliseconds: number): Promise<void> {
    await this.clock.pass(milliseconds);
  }

  /** Disconnects all attackers without a close. Resolves when the router has noticed. */
  async clear(): Promise<void> {
    for (const attacker of this.#attackers.splice(0)) if (!attacker.isOver) attacker.vanish();
    this.doorClock.increment(UDP_IDLE_MS);
    await eventually(() => this.router.sessionCount === BYSTANDERS, 'the router to be rid of its attackers');
  }

  /** Log lines at level error. */
  get complaints(): readonly string[] {
    return this.log.lines
      .filter(({ level }) => level === 'error')
      .map(({ message, fields }) => `${message} ${'err' in fields ? String(fields.err) : ''}`.trim());
  }

  async close(): Promise<void> {
    this.bystanders.leave();
    const stopped = this.router.stop();
    await eventually(() => this.router.addresses.length === 0, 'the listeners to close');
    await this.clock.pass(1_000);
    await stopped;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #reach(transport: TransportName): Promise<Attacker> {
    const url = this.urls.get(transport)!; // only asked for open listeners
    switch (transport) {
      case 'websocket':
        return webSocketAttacker(url);
      case 'tcp':
      case 'pipe':
        return streamAttacker(url);
      case 'udp':
        return udpAttacker(this.portOf('udp'), { cookie: true });
      case 'quic':
        return quicAttacker(this.portOf('quic'), (await quicCertificate()).ca);
    }
  }
}
