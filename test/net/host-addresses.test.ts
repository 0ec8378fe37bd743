import { describe, expect, it } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { SimulatedClock } from 'xstate';
import {
  addressesOf,
  ATTEMPT_DELAY_MS,
  connectToFirst,
  type HostAddress,
  listenOnFirst,
} from '../../src/net/host-addresses.js';
import { turns } from '../support/inbox.js';

const six: HostAddress = { address: '::1', family: 6 };
const four: HostAddress = { address: '127.0.0.1', family: 4 };

const lookupOf =
  (found: string | LookupAddress[]): LookupFunction =>
  (_host, _options, done) => {
    done(null, found, typeof found === 'string' ? 4 : undefined);
  };

const coded = (code: string): Error => Object.assign(new Error(code), { code });

describe('addressesOf', () => {
  it.each([
    ['127.0.0.1', [four]],
    ['::1', [six]],
    ['fe80::1%lo', [{ address: 'fe80::1%lo', family: 6 }]],
  ])('returns an IP address without a lookup: %s', async (host, addresses) => {
    expect(await addressesOf(host, () => expect(host).toBe('looked up'))).toEqual(addresses);
  });

  it('returns all addresses of a name, in the order of the system and without duplicates', async () => {
    expect(await addressesOf('localhost', lookupOf([six, four, six]))).toEqual([six, four]);
    expect(await addressesOf('localhost', lookupOf('127.0.0.1'))).toEqual([four]);
  });

  it('rejects with the error of the lookup', async () => {
    const failing: LookupFunction = (_host, _options, done) => done(coded('ENOTFOUND'), []);
    await expect(addressesOf('nowhere', failing)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});

describe('listenOnFirst', () => {
  it('uses the first address that the computer has', async () => {
    const listen = ({ address }: HostAddress): Promise<string> =>
      address === '::1' ? Promise.reject(coded('EADDRNOTAVAIL')) : Promise.resolve(address);
    expect(await listenOnFirst([six, four], listen)).toBe('127.0.0.1');
  });

  it('rejects with the first error if it has none of them, and with any other error immediately', async () => {
    const codes = ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EADDRINUSE', 'EADDRNOTAVAIL'];
    const listen = (): Promise<string> => Promise.reject(coded(codes.shift()!)); // one error per attempt
    await expect(listenOnFirst([six, four], listen)).rejects.toMatchObject({ code: 'EAFNOSUPPORT' });
    await expect(listenOnFirst([six, four], listen)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(codes).toHaveLength(1);
  });
});

/** Connections that succeed or fail under control of the test. */
class Network {
  readonly clock = new SimulatedClock();
  readonly asked: string[] = [];
  readonly released: string[] = [];
  readonly aborted: string[] = [];
  readonly #attempts = new Map<string, { resolve(address: string): void; reject(error: Error): void }>();

  connect(...addresses: readonly HostAddress[]): Promise<string> {
    return connectToFirst({
      addresses,
      connect: (address, signal) => {
        this.asked.push(address);
        signal.addEventListener('abort', () => this.aborted.push(address));
        return new Promise((resolve, reject) => this.#attempts.set(address, { resolve, reject }));
      },
      release: (address) => this.released.push(address),
      clock: this.clock,
    });
  }

  async accept(address: string): Promise<void> {
    this.#attempts.get(address)?.resolve(address);
    await turns();
  }

  async refuse(address: string): Promise<void> {
    this.#attempts.get(address)?.reject(new Error(`${address} refuses`));
    await turns();
  }
}

describe('connectToFirst', () => {
  it('tries the next address immediately if one fails', async () => {
    const network = new Network();
    const connected = network.connect(six, four);
    expect(network.asked).toEqual(['::1']);
    await network.refuse('::1');
    await network.accept('127.0.0.1');
    expect(await connected).toBe('127.0.0.1');
  });

  it('tries the next address in parallel if one does not answer, and releases late connections', async () => {
    const network = new Network();
    const connected = network.connect(six, four);
    network.clock.increment(ATTEMPT_DELAY_MS - 1);
    expect(network.asked).toEqual(['::1']);
    network.clock.increment(1);
    expect(network.asked).toEqual(['::1', '127.0.0.1']);
    await network.accept('127.0.0.1');
    expect(await connected).toBe('127.0.0.1');
    expect(network.aborted).toContain('::1');
    await network.accept('::1');
    expect(network.released).toEqual(['::1']);
  });

  it('uses the first address if it answers before the second', async () => {
    const network = new Network();
    const connected = network.connect(six, four);
    network.clock.increment(ATTEMPT_DELAY_MS);
    await network.accept('::1');
    expect(await connected).toBe('::1');
    await network.refuse('127.0.0.1');
    expect(network.released).toEqual([]);
  });

  it('rejects with the errors of all addresses, or with the only one', async () => {
    const network = new Network();
    const failed = network.connect(six, four);
    failed.catch(() => undefined);
    network.clock.increment(ATTEMPT_DELAY_MS);
    await network.refuse('127.0.0.1');
    await network.refuse('::1');
    await expect(failed).rejects.toMatchObject({
      errors: [new Error('127.0.0.1 refuses'), new Error('::1 refuses')],
    });
    const alone = network.connect(four);
    alone.catch(() => undefined);
    await network.refuse('127.0.0.1');
    await expect(alone).rejects.toThrow('127.0.0.1 refuses');
  });
});
