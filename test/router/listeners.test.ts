import { describe, expect, it } from '@jest/globals';
import { createRouter, TransportError } from '../../src/index.js';
import { memory } from '../../src/transports/index.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { udp } from '../../src/transports/udp/index.js';
import { fakeTransport } from '../actors/listener/fake-transport.js';
import { turns } from '../support/inbox.js';
import { startRouter, Client } from './router-under-test.js';

describe('a router that requires tokens', () => {
  it('opens no unencrypted listener unless an option permits it', async () => {
    const { router } = await startRouter({ securityMode: 'authenticated' });
    await expect(router.listen(udp({ host: '127.0.0.1', port: 0 }))).rejects.toThrow(
      new TransportError(
        'this router requires tokens, and udp would send them unencrypted; ' +
          'do not open it, or permit it with the option allowInsecureUdp',
      ),
    );
    const told = await startRouter({ securityMode: 'authenticated', allowInsecureUdp: true });
    await expect(told.router.listen(udp({ host: '127.0.0.1', port: 0 }))).resolves.toHaveLength(1);
    const open = await startRouter();
    await expect(open.router.listen(udp({ host: '127.0.0.1', port: 0 }))).resolves.toHaveLength(1);
  });
});

describe('listening', () => {
  it('needs three lines', async () => {
    const router = createRouter();
    expect(await router.listen(memory())).toEqual(router.addresses);
    await router.stop();
  });

  it('serves the same params on all listeners', async () => {
    const { router, transport } = await startRouter();
    const second = memory();
    await router.listen(second);
    expect(router.addresses).toHaveLength(2);
    const [writer, reader] = [new Client(transport), new Client(second)];
    await Promise.all([writer.sayHello(), reader.sayHello()]);
    reader.send({ type: 'subscribe', id: 1, pattern: '/**' });
    await turns(2);
    writer.send({ type: 'set', address: '/lights/1', value: encodeValue(1) });
    await reader.inbox.receive(3);
    expect(reader.received.at(-1)).toMatchObject({ type: 'set', address: '/lights/1', revision: 1 });
  });

  it('rejects with the error of the transport if a listener does not open, and the router continues', async () => {
    const { router, transport } = await startRouter();
    await expect(router.listen(transport)).rejects.toBeInstanceOf(TransportError);
    await expect(router.listen(transport)).rejects.toThrow('this in-memory transport is already listening');
    expect(router.addresses).toHaveLength(1);
    await new Client(transport).sayHello();
  });

  it('reopens a failed listener', async () => {
    const { router, clock } = await startRouter();
    const transport = fakeTransport();
    const listening = router.listen(transport);
    const listener = transport.open();
    await listening;
    listener.connections$.error(new Error('broken'));
    expect(router.addresses).toHaveLength(1);
    clock.increment(1_000);
    transport.open().finishClosing();
    await turns();
    expect(transport.attempts()).toBe(2);
    listener.finishClosing();
  });

  it('is refused after a stop, with one sentence', async () => {
    const { router } = await startRouter();
    await router.stop();
    await expect(router.listen(memory())).rejects.toThrow('the router was stopped; it cannot listen on memory');
  });

  it('is canceled if the router is stopped meanwhile, and a listener that opens too late is closed', async () => {
    const router = createRouter();
    const transport = fakeTransport();
    const listening = router.listen(transport);
    const stopped = router.stop();
    const listener = transport.open();
    listener.finishClosing();
    await expect(listening).rejects.toThrow('the router was stopped before it could listen');
    await stopped;
    expect(listener.closeCalls()).toBe(1);
  });
});
