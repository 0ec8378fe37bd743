import { createSocket, type Socket } from 'node:dgram';
import type { LookupFunction } from 'node:net';
import { addressesOf, type HostAddress } from '../../net/host-addresses.js';
import { errorOf } from '../client-error.js';
import type { Destination } from './link-options.js';

export interface UdpEndpointEvents {
  /** Called once, when bytes can be sent. */
  readonly ready: () => void;
  readonly received: (datagram: Uint8Array) => void;
  /** Called when the router is unreachable, even after a connection. Can be called more than once. */
  readonly failed: (error: Error) => void;
}

/** The sockets of Deno lack this method of Node.js. */
function hasSendQueueSize(socket: Socket | Omit<Socket, 'getSendQueueSize'>): socket is Socket {
  return 'getSendQueueSize' in socket;
}

/**
 * The UDP endpoint of a router with a host name. It is unknown at which address of the name the router listens. Until
 * one answers, addresses are tried in order: the next one when an address refuses, and when the same bytes are sent
 * again because none has answered.
 */
export class UdpEndpoint {
  readonly #events: UdpEndpointEvents;
  readonly #port: number;
  readonly #sockets = new Map<HostAddress, Socket>();
  /** Sockets that can send. */
  readonly #connected = new Set<Socket>();
  /** Addresses that have not failed. */
  #addresses: readonly HostAddress[] = [];
  /** The address that has answered, or else the one being tried. */
  #current: HostAddress | undefined;
  /** The last bytes sent before any address has answered. */
  #question: Uint8Array | undefined;
  #refusal: Error | undefined;
  #isReady = false;
  #hasAnswered = false;
  #isClosed = false;
  /** Counted only if the socket does not report it. */
  #unsentBytes = 0;

  constructor({ host, port }: Destination, lookup: LookupFunction | undefined, events: UdpEndpointEvents) {
    this.#events = events;
    this.#port = port;
    addressesOf(host, lookup).then(
      (addresses) => {
        this.#addresses = addresses;
        this.#ask(addresses[0]);
      },
      (error: unknown) => {
        if (!this.#isClosed) events.failed(errorOf(error));
      },
    );
  }

  /** Whether the router has sent anything. From then on only a refusal is a failure. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  get bufferedBytes(): number {
    const socket = this.#socket;
    if (this.#isClosed || socket === undefined) return 0;
    return hasSendQueueSize(socket) ? socket.getSendQueueSize() : this.#unsentBytes;
  }

  send(datagram: Uint8Array): void {
    if (this.#isClosed) return;
    const current = this.#current;
    if (this.#hasAnswered || current === undefined) {
      this.#send(current, datagram);
      return;
    }
    const isRepeated = this.#question !== undefined;
    this.#question = datagram;
    const next = this.#addresses[(this.#addresses.indexOf(current) + 1) % this.#addresses.length];
    this.#ask(isRepeated ? next : current);
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  get #socket(): Socket | undefined {
    return this.#current && this.#sockets.get(this.#current);
  }

  /** Sends the stored bytes to this address, if there are any. */
  #ask(address: HostAddress | undefined): void {
    if (this.#isClosed || address === undefined) return;
    this.#current = address;
    if (!this.#sockets.has(address)) this.#open(address);
    else if (this.#question !== undefined) this.#send(address, this.#question);
  }

  #open(address: HostAddress): void {
    const socket = createSocket(address.family === 6 ? 'udp6' : 'udp4');
    this.#sockets.set(address, socket);
    socket.on('error', (error) => {
      this.#onError(address, error);
    });
    socket.on('message', (datagram) => {
      if (!this.#hasAnswered) this.#choose(address);
      this.#events.received(datagram);
    });
    // Connected sockets drop datagrams of other sources, and report a closed port.
    socket.connect(this.#port, address.address, () => {
      if (!this.#sockets.has(address)) return;
      this.#connected.add(socket);
      if (!this.#isReady) {
        this.#isReady = true;
        this.#events.ready();
      } else if (this.#question !== undefined) this.#send(address, this.#question);
    });
  }

  #send(address: HostAddress | undefined, datagram: Uint8Array): void {
    if (address === undefined) return;
    const socket = this.#sockets.get(address);
    if (socket === undefined || !this.#connected.has(socket)) return; // it sends the stored bytes when it is connected
    const counted = hasSendQueueSize(socket) ? 0 : datagram.length;
    this.#unsentBytes += counted;
    socket.send(datagram, (error) => {
      this.#unsentBytes -= counted;
      if (error !== null) this.#onError(address, error);
    });
  }

  #choose(address: HostAddress): void {
    this.#hasAnswered = true;
    this.#current = address;
    this.#question = undefined;
    for (const other of [...this.#sockets.keys()]) if (other !== address) this.#drop(other);
  }

  #drop(address: HostAddress): void {
    this.#addresses = this.#addresses.filter((one) => one !== address);
    this.#sockets.get(address)?.close();
    this.#sockets.delete(address);
  }

  #onError(address: HostAddress, error: Error): void {
    if (!this.#sockets.has(address)) return;
    // The latter on Windows.
    const isRefusal = 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET');
    if (isRefusal) this.#refusal = new Error('no program listens there', { cause: error });
    if (this.#hasAnswered) {
      if (isRefusal) this.#events.failed(this.#refusal ?? error);
      return; // a temporary fault of the network
    }
    const place = this.#addresses.indexOf(address);
    this.#drop(address);
    if (this.#addresses.length === 0) this.#events.failed(this.#refusal ?? error);
    else if (this.#current === address) this.#ask(this.#addresses[place % this.#addresses.length]);
  }
}
