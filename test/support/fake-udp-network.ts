import type { Socket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Source } from '../../src/transports/udp/cookie.js';
import { turns } from './inbox.js';
import { hello } from './udp-client.js';

/** A socket's network under the control of the test: any sender, pauses, errors, and a record of what was sent. */
export class FakeUdpNetwork extends EventEmitter {
  readonly sent: { readonly bytes: Uint8Array; readonly address: string; readonly port: number }[] = [];
  /** Accepts nothing: sent datagrams wait. */
  stuck = false;
  /** Error for every datagram; null = none. */
  fault: Error | null = null;
  closed = false;
  readonly #waiting: (() => void)[] = [];

  asSocket(): Socket {
    return this as unknown as Socket; // the members that a listener uses exist
  }

  receive(datagram: Uint8Array, source: Source): void {
    this.emit('message', Buffer.from(datagram), { ...source, family: 'IPv4', size: datagram.length });
  }

  /** Returns the token in the response to a HELLO without a cookie. */
  tokenOf(source: Source): string {
    this.receive(encodeFrame(hello), source);
    const { message } = decodeFrame(this.sent.at(-1)!.bytes);
    if (message.type !== 'error' || message.code !== 300) throw new Error(`no cookie for ${source.address}`);
    return message.message;
  }

  /** Sends two HELLOs, the second with the cookie. */
  letIn(source: Source): void {
    this.receive(encodeFrame({ ...hello, token: this.tokenOf(source) }), source);
  }

  /** Accepts `count` waiting datagrams. */
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
