import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Clock, systemClock } from '../../src/util/clock.js';
import { DatagramFlow } from './chaos-proxy-datagrams.js';
import { Random } from './mutate.mjs';
import { StreamPair } from './chaos-proxy-streams.js';

/** What a network does to what it carries. All of it is off in {@link calm}. */
export interface Faults {
  /** Milliseconds that everything is late, each way. */
  readonly latencyMs: number;
  /** Up to this many more, anew for each chunk or datagram. Datagrams overtake each other by it; bytes of a stream never do. */
  readonly jitterMs: number;
  /** Share of datagrams that are lost, from 0 to 1. Streams lose nothing: their network repeats it. */
  readonly lossRatio: number;
  /** Share of datagrams that arrive twice, from 0 to 1. */
  readonly duplicateRatio: number;
  /** Bytes from one flipped bit to the next, on average; 0 = no bit is flipped. */
  readonly bytesPerFlip: number;
}

export const calm: Faults = { latencyMs: 0, jitterMs: 0, lossRatio: 0, duplicateRatio: 0, bytesPerFlip: 0 };

/** A connection through the proxy; over UDP, all that comes from one port of one peer. */
export interface ProxiedConnection {
  /** The first one is 1. */
  readonly number: number;
  /** What befalls this one alone; undefined: what befalls all. */
  faults: Faults | undefined;
  /** Lets nothing through, either way, until {@link resume}. A stream waits; datagrams are lost. */
  stall(): void;
  resume(): void;
  /** Breaks it: a reset to both ends of a stream. Over UDP the peer's next datagram comes from another port, which is a stranger's. */
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
  /** What happens to connection n depends on this, n, and the bytes that go through it, and on nothing else; 0 to 2^32-1. */
  readonly seed: number;
  /** @default calm */
  readonly faults?: Faults;
  /** @default the system's */
  readonly clock?: Clock;
}

/** A door on 127.0.0.1 that leads to another one, over a network as bad as wanted. */
export interface ChaosProxy {
  readonly port: number;
  /** What befalls all connections, those to come as well. */
  faults: Faults;
  /** Whether whoever comes anew is turned away at once. */
  isRefusing: boolean;
  readonly connections: ReadonlySet<ProxiedConnection>;
  readonly counts: Readonly<FaultCounts>;
  /** Breaks all connections and frees the port. */
  close(): Promise<void>;
}

/** What proxy and connections share. */
export interface Weather {
  faults: Faults;
  readonly counts: FaultCounts;
  readonly clock: Clock;
}

/** Two directions a connection. */
export interface Dice {
  readonly toRouter: Random;
  readonly toPeer: Random;
}

/** Peers of a UDP proxy at once; datagrams of more are dropped. */
const MAX_FLOWS = 1_000;
const HOST = '127.0.0.1';

/** In front of a TCP or WebSocket port. */
export async function tcpChaosProxy(targetPort: number, options: ChaosProxyOptions): Promise<ChaosProxy> {
  const weather = weatherOf(options);
  const connections = new Set<StreamPair>();
  // Half open, so that an end goes through as an end, behind the bytes before it.
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

/** In front of a UDP port. */
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

/** A generator a direction, so that what one connection draws changes nothing for another. */
function diceOf(seed: number, number: number): Dice {
  const first = (seed + Math.imul(number, 0x9e37_79b1)) >>> 0;
  return { toRouter: new Random(first), toPeer: new Random(~first) };
}
