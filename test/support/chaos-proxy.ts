import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Clock, systemClock } from '../../src/util/clock.js';
import { DatagramFlow } from './chaos-proxy-datagrams.js';
import { Random } from './mutate.mjs';
import { StreamPair } from './chaos-proxy-streams.js';

/** Faults of a network. {@link calm} has none. */
export interface Faults {
  /** Delay in milliseconds, per direction. */
  readonly latencyMs: number;
  /**
   * Maximum additional delay, drawn per chunk or datagram. Datagrams can be reordered by it; bytes of a stream never
   * are.
   */
  readonly jitterMs: number;
  /** Share of lost datagrams, from 0 to 1. Streams lose nothing, because their network retransmits. */
  readonly lossRatio: number;
  /** Share of duplicated datagrams, from 0 to 1. */
  readonly duplicateRatio: number;
  /** Average bytes between two flipped bits; 0 = no bit is flipped. */
  readonly bytesPerFlip: number;
}

export const calm: Faults = { latencyMs: 0, jitterMs: 0, lossRatio: 0, duplicateRatio: 0, bytesPerFlip: 0 };

/** A connection through the proxy; over UDP, all datagrams from one port of a peer. */
export interface ProxiedConnection {
  /** Starts at 1. */
  readonly number: number;
  /** Faults of this connection; undefined = the faults of all. */
  faults: Faults | undefined;
  /** Forwards nothing, in both directions, until {@link resume}. Streams wait; datagrams are lost. */
  stall(): void;
  resume(): void;
  /**
   * Breaks it: both ends of a stream get a reset. Over UDP, the peer's next datagram comes from another port, unknown
   * to the router.
   */
  cut(): void;
}

export interface FaultCounts {
  connections: number;
  stalls: number;
  cuts: number;
  refusals: number;
  flips: number;
  lost: number;
  duplicates: number;
}

export interface ChaosProxyOptions {
  /** The faults of connection n depend only on this, n, and its bytes; 0 to 2^32-1. */
  readonly seed: number;
  /** @default calm */
  readonly faults?: Faults;
  /** @default the system's */
  readonly clock?: Clock;
}

/** A listener on 127.0.0.1 that forwards to another port, over a network with faults. */
export interface ChaosProxy {
  readonly port: number;
  /** Faults of all connections, including future ones. */
  faults: Faults;
  /** Whether new connections are refused at once. */
  isRefusing: boolean;
  readonly connections: ReadonlySet<ProxiedConnection>;
  readonly counts: Readonly<FaultCounts>;
  /** Breaks all connections and frees the port. */
  close(): Promise<void>;
}

/** State that proxy and connections share. */
export interface Weather {
  faults: Faults;
  readonly counts: FaultCounts;
  readonly clock: Clock;
}

/** Random generators, one per direction of a connection. */
export interface Dice {
  readonly toRouter: Random;
  readonly toPeer: Random;
}

/** Maximum concurrent peers of a UDP proxy; datagrams of others are dropped. */
const MAX_FLOWS = 1_000;
const HOST = '127.0.0.1';

/** Starts a proxy for a TCP or WebSocket port. */
export async function tcpChaosProxy(targetPort: number, options: ChaosProxyOptions): Promise<ChaosProxy> {
  const weather = weatherOf(options);
  const connections = new Set<StreamPair>();
  // Half-open sockets are allowed, so that an end is forwarded as an end, after the preceding bytes.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (proxy.isRefusing) {
      weather.counts.refusals++;
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
      return;
    }
    const number = ++weather.counts.connections;
    const pair = new StreamPair(number, socket, targetPort, weather, diceOf(options.seed, number), () => {
      connections.delete(pair);
    });
    connections.add(pair);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const proxy = proxyOf(server.address() as AddressInfo, weather, connections, async () => {
    const closed = once(server, 'close');
    server.close();
    for (const pair of connections) pair.cut();
    await closed;
  });
  return proxy;
}

/** Starts a proxy for a UDP port. */
export async function udpChaosProxy(targetPort: number, options: ChaosProxyOptions): Promise<ChaosProxy> {
  const weather = weatherOf(options);
  const connections = new Set<DatagramFlow>();
  const flows = new Map<number, DatagramFlow>();
  const socket = createSocket('udp4');
  let isOpen = true;
  socket.on('message', (datagram, { port }) => {
    let flow = flows.get(port);
    if (flow === undefined) {
      if (proxy.isRefusing || flows.size >= MAX_FLOWS) {
        weather.counts.refusals++;
        return;
      }
      const number = ++weather.counts.connections;
      const answer = (bytes: Uint8Array): void => {
        if (isOpen) socket.send(bytes, port, HOST);
      };
      const opened = new DatagramFlow(number, answer, targetPort, weather, diceOf(options.seed, number), () => {
        connections.delete(opened);
        flows.delete(port);
      });
      flow = opened;
      flows.set(port, flow);
      connections.add(flow);
    }
    flow.fromPeer(datagram);
  });
  socket.bind(0, HOST);
  await once(socket, 'listening');
  const proxy = proxyOf(socket.address(), weather, connections, async () => {
    isOpen = false;
    for (const flow of connections) flow.cut();
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  });
  return proxy;
}

function weatherOf({ faults = calm, clock = systemClock }: ChaosProxyOptions): Weather {
  const counts = { connections: 0, stalls: 0, cuts: 0, refusals: 0, flips: 0, lost: 0, duplicates: 0 };
  return { faults, clock, counts };
}

function proxyOf(
  { port }: { readonly port: number },
  weather: Weather,
  connections: ReadonlySet<ProxiedConnection>,
  close: () => Promise<void>,
): ChaosProxy {
  return {
    port,
    connections,
    isRefusing: false,
    counts: weather.counts,
    get faults() {
      return weather.faults;
    },
    set faults(faults) {
      weather.faults = faults;
    },
    close,
  };
}

/** One generator per direction, so that the draws of one connection do not affect another. */
function diceOf(seed: number, number: number): Dice {
  const first = (seed + Math.imul(number, 0x9e37_79b1)) >>> 0;
  return { toRouter: new Random(first), toPeer: new Random(~first) };
}
