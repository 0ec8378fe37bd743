import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { decodeFrame, encodeFrame, type Frame } from '../../src/protocol/frame.js';
import type { HelloMessage } from '../../src/protocol/messages/message.js';

export interface UdpClientOptions {
  /** The router's host. @default '127.0.0.1' */
  readonly host?: string;
  /** The client's own token, for a router with authentication. */
  readonly token?: string;
  /** @default 'binary' */
  readonly encoding?: 'binary' | 'cbor';
  /** The source port. @default any */
  readonly localPort?: number;
}

/** A UDP client: a plain socket that can send HELLO and records every received datagram. */
export class UdpClient {
  readonly received: Uint8Array[] = [];
  sentBytes = 0;
  readonly #socket: Socket;
  readonly #port: number;
  readonly #options: UdpClientOptions;
  #notify: () => void = () => undefined;

  /** Opens a client that has sent nothing yet. */
  static async open(port: number, options: UdpClientOptions = {}): Promise<UdpClient> {
    const { host = '127.0.0.1', localPort = 0 } = options;
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    socket.bind(localPort, isIPv6(host) ? '::1' : '127.0.0.1');
    await once(socket, 'listening');
    return new UdpClient(socket, port, options);
  }

  /** Opens a client that has sent HELLO, received its cookie, and sent HELLO with it. Earlier input is discarded. */
  static async connect(port: number, options: UdpClientOptions = {}): Promise<UdpClient> {
    const client = await UdpClient.open(port, options);
    const cookie = await client.askForCookie();
    client.received.length = 0;
    client.sayHello(`udp:${cookie}${options.token === undefined ? '' : ` ${options.token}`}`);
    return client;
  }

  private constructor(socket: Socket, port: number, options: UdpClientOptions) {
    this.#socket = socket;
    this.#port = port;
    this.#options = options;
    socket.on('message', (bytes) => {
      this.received.push(Uint8Array.from(bytes));
      this.#notify();
    });
  }

  get localPort(): number {
    return this.#socket.address().port;
  }

  get receivedBytes(): number {
    return this.received.reduce((sum, { length }) => sum + length, 0);
  }

  /** Sends one datagram. Resolves when the system has accepted it; on loopback it is then in the receiver's socket. */
  send(datagram: Uint8Array): Promise<void> {
    this.sentBytes += datagram.length;
    return new Promise((resolve, reject) => {
      this.#socket.send(datagram, this.#port, this.#options.host ?? '127.0.0.1', (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  sayHello(token?: string): void {
    void this.send(encodeFrame({ ...hello, token }, { encoding: this.#options.encoding }));
  }

  /** Sends HELLO without a cookie. Resolves with the cookie in the response. */
  async askForCookie(): Promise<string> {
    const count = this.received.length;
    this.sayHello(this.#options.token);
    const { message } = decodeFrame((await this.receive(count + 1))[count]!);
    const cookie = message.type === 'error' ? /^udp:(.*)$/.exec(message.message)?.[1] : undefined;
    if (cookie === undefined) throw new Error(`no cookie in ${JSON.stringify(message)}`);
    return cookie;
  }

  /** Resolves after `count` datagrams. */
  async receive(count: number): Promise<readonly Uint8Array[]> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    }
    return this.received;
  }

  /** The same, decoded. */
  async receiveFrames(count: number): Promise<readonly Frame[]> {
    return (await this.receive(count)).map((datagram) => decodeFrame(datagram));
  }

  close(): void {
    this.#socket.close();
  }
}

export const hello: HelloMessage = { type: 'hello', version: 1, name: 'lamp', features: [], token: undefined };
