import { afterEach, describe, expect, it } from '@jest/globals';
import { NEVER } from 'rxjs';
import { type Client, connect, type Signal } from '../../../src/client/node.js';
import { createRouter, type Router } from '../../../src/index.js';
import { decodeFrame } from '../../../src/protocol/frame.js';
import { quic } from '../../../src/transports/quic/index.js';
import { FakeQuic } from '../../support/fake-quic.js';
import { turns } from '../../support/inbox.js';
import { SteadyClock } from '../../support/steady-clock.js';

const cleanUps: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
});

interface Scene {
  readonly library: FakeQuic;
  readonly clock: SteadyClock;
  readonly client: (datagrams?: boolean) => Promise<Client>;
  /** Delivers datagrams by their order of sending, in this order; the others are lost. */
  readonly arrive: (...order: number[]) => Promise<void>;
  readonly router: Router;
}

/** A router and clients in one process, with a network for datagrams under control of the test. */
async function scene({ datagrams = true } = {}): Promise<Scene> {
  const library = new FakeQuic();
  const clock = new SteadyClock();
  const tls = { credentials: { key: '', cert: '' }, renewed$: NEVER };
  const router = createRouter({ name: 'Fake', clock, gestureIntervalMs: 0 });
  await router.listen(quic({ tls, provider: library, clock, datagrams }));
  cleanUps.push(() => {
    router.actor.stop();
  });
  return {
    library,
    clock,
    router,
    client: async (wanted = true) => {
      const client = await connect('quic://fake', { quicProvider: library, datagrams: wanted, clock, keepAliveMs: 0 });
      cleanUps.push(() => void client.close());
      await turns(5);
      return client;
    },
    arrive: async (...order) => {
      const flying = library.inFlight.splice(0);
      for (const i of order) flying[i]!.arrive();
      await turns(5);
    },
  };
}

/** Two clients that have agreed with the router on datagrams, and the signals that the second receives. */
async function agreedScene(): Promise<Scene & { sender: Client; receiver: Client; heard: () => unknown[] }> {
  const made = await scene();
  const [sender, receiver] = [await made.client(), await made.client()];
  await made.arrive(0, 1); // PINGs
  await made.arrive(0, 1); // PONGs
  const signals: Signal[] = [];
  await receiver.on('/**', (signal) => signals.push(signal)).ready;
  const heard = (): unknown[] => signals.splice(0).map((signal) => ('value' in signal ? signal.value : undefined));
  return { ...made, sender, receiver, heard };
}

function typesOf({ inFlight }: FakeQuic): string[] {
  return inFlight.map(({ bytes }) => decodeFrame(bytes).message.type);
}

describe('a client with datagrams', () => {
  it('requests them by PING when the router knows it, again every second, and at most five times', async () => {
    const { library, clock, client } = await scene({ datagrams: false });
    await client();
    expect(typesOf(library)).toEqual(['ping']);
    for (let second = 0; second < 20; second++) {
      clock.increment(1_000);
      await turns();
    }
    expect(typesOf(library)).toEqual(Array(5).fill('ping'));
  });

  it('requests them once if the answer arrives', async () => {
    const { library, clock, client, arrive } = await scene();
    await client();
    await arrive(0);
    expect(typesOf(library)).toEqual(['pong']);
    await arrive(0);
    clock.increment(60_000);
    await turns();
    expect(typesOf(library)).toEqual([]);
  });

  it('sends and receives everything on its stream until it is answered', async () => {
    const { library, client } = await scene();
    const [sender, receiver] = [await client(), await client()];
    const heard: unknown[] = [];
    await receiver.on('/level', (signal) => heard.push('value' in signal && signal.value)).ready;
    for (let i = 0; i < 5; i++) sender.stream('/level', i);
    await turns(5);
    expect(heard).toEqual([0, 1, 2, 3, 4]);
    expect(typesOf(library)).toEqual(['ping', 'ping']);
  });

  it('does not request datagrams if they are disabled', async () => {
    const { library, client } = await scene();
    await client(false);
    expect(library.inFlight).toEqual([]);
  });

  it('receives no sample after a newer one, for any reordering and loss', async () => {
    const { sender, arrive, heard } = await agreedScene();
    for (let i = 0; i < 6; i++) sender.stream('/level', i);
    await turns();
    await arrive(0, 2, 1, 4, 5); // 3 is lost, 1 is overtaken
    await arrive(1, 0, 3, 2); // of 0, 2, 4, 5 in transit to the receiver
    expect(heard()).toEqual([2, 5]);
  });

  it('receives a gesture from its start to its end, for any reordering', async () => {
    const { library, sender, arrive, heard } = await agreedScene();
    const router = async (...order: number[]): Promise<void> => {
      await arrive(...order);
    };
    sender.gesture('/pad', 1, 'start', 0);
    sender.gesture('/pad', 1, 'move', 1);
    sender.gesture('/pad', 1, 'move', 2);
    await turns(5);
    expect(heard()).toEqual([0]);
    await router(0, 1);
    const toReceiver = library.inFlight.splice(0);
    expect(toReceiver).toHaveLength(2);
    toReceiver[0]!.arrive();
    await turns();
    expect(heard()).toEqual([1]);
    sender.gesture('/pad', 1, 'end', 3);
    await turns(5);
    toReceiver[1]!.arrive(); // too late
    await turns();
    expect(heard()).toEqual([3]);
    sender.gesture('/pad', 1, 'move', 4); // has not started again
    await turns();
    await arrive(0);
    expect(library.inFlight).toEqual([]);
  });

  it('does not deliver a late move of the previous gesture in the next one', async () => {
    const { library, sender, arrive, heard } = await agreedScene();
    sender.gesture('/pad', 1, 'start', 0);
    sender.gesture('/pad', 1, 'move', 1);
    await turns(5);
    await arrive(0);
    const late = library.inFlight.splice(0);
    sender.gesture('/pad', 1, 'end', 2);
    sender.gesture('/pad', 1, 'start', 3);
    await turns(5);
    late[0]!.arrive();
    await turns();
    expect(heard()).toEqual([0, 2, 3]);
  });
});
