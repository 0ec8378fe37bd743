import type { Socket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Source } from '../../src/transports/udp/cookie.js';
import { turns } from './inbox.js';
import { hello } from './udp-client.js';

/** A socket's network in our hands: any sender, one that takes nothing for a while, one that refuses, and all that was sent. */
export class FakeUdpNetwork extends EventEmitter {
  readonly sent: { readonly bytes: Uint8Array; readonly address: string; readonly port: number }[] = [];
  /** Takes nothing: what is sent waits. */
  stuck = false;
  /** What it says to every datagram. */
  fault: Error | null = null;
  closed = false;
  readonly #waiting: (() => void)[] = [];

  asSocket(): Socket {
    return this as unknown as Socket; // what a listener uses of one is here
  }

  receive(datagram: Uint8Array, source: Source): void {
    this.emit('message', Buffer.from(datagram), { ...source, family: 'IPv4', size: datagram.length });
  }

  /** What the answer to a HELLO without a cookie says. */
  tokenOf(source: Source): string {
    this.receive(encodeFrame(hello), source);
    const { message } = decodeFrame(this.sent.at(-1)!.bytes);
    if (message.type !== 'error' || message.code !== 300) throw new Error(`no cookie for ${source.address}`);
    return message.message;
  }

  /** Two HELLOs, the second with the cookie. */
  letIn(source: Source): void {
    this.receive(encodeFrame({ ...hello, token: this.tokenOf(source) }), source);
  }

  /** Takes so many of those that wait. */
  async take(count: number): Promise<void> {
    for (const run of this.#waiting.splice(0, Math.min(count, this.#waiting.length))) run();
    await turns();
  }

  get sentBytes(): number {
    return this.sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  send(bytes: Uint8Array, port: number, address: string, callback: (error: Error | null) => void): void {
    const take = (): void => {
      this.sent.push({ bytes, address, port });
      process.nextTick(callback, this.fault);
    };
    if (this.stuck) this.#waiting.push(take);
    else take();
  }

  getSendQueueCount(): number {
    return this.#waiting.length;
  }

  address(): object {
    return { address: '0.0.0.0', port: 7330, family: 'IPv4' };
  }

  close(callback: () => void): void {
    this.closed = true;
    queueMicrotask(callback);
  }
}
