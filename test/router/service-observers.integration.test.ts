import { afterEach, describe, expect, it } from '@jest/globals';
import { type Client, connect } from '../../src/client/node.js';
import type {
  Change,
  ChangeLog,
  CoreInput,
  Observers,
  ParamWatch,
  ReplyHold,
  WatchedParam,
} from '../../src/core/observers.js';
import { createRouter, type Router, type Service, type ServiceRouter, webSocket } from '../../src/index.js';
import { codedError } from '../support/coded-error.js';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A service that only observes. */
class Observing implements Service {
  readonly name: string;
  readonly observers: Observers;
  router!: ServiceRouter;

  constructor(observers: Observers, name = 'store') {
    this.name = name;
    this.observers = observers;
  }

  start(router: ServiceRouter): void {
    this.router = router;
  }
}

/** A router with services and a WebSocket port, and a client per name. */
async function startedWith(services: readonly Service[], ...names: string[]): Promise<[Router, ...Client[]]> {
  const router = createRouter({ services, transports: [webSocket({ host: '127.0.0.1', port: 0 })] });
  cleanUps.push(() => router.stop());
  const [address] = await router.start();
  const clients: Client[] = [];
  for (const name of names) {
    const client = await connect(address!.url, { name });
    cleanUps.push(() => client.close());
    clients.push(client);
  }
  return [router, ...clients];
}

/** Notes all changes outside of `/quiet`. */
class NotedChanges implements ChangeLog {
  readonly noted: string[] = [];
  readonly asked: string[] = [];
  #position = 0;

  wants(address: string): boolean {
    this.asked.push(address);
    return !address.startsWith('/quiet');
  }

  append(changes: readonly Change[]): number {
    for (const change of changes) this.noted.push(textOf(change));
    return (this.#position += changes.length);
  }

  onCommitted(): () => void {
    return () => undefined;
  }
}

function textOf(change: Change): string {
  switch (change.type) {
    case 'set':
      return `${change.writer.name} sets ${change.address} to ${JSON.stringify(change.value.decode())}, ${change.revision}`;
    case 'publish':
      return `${change.writer?.name ?? 'the router'} publishes ${change.message.address}`;
    default:
      return change.type;
  }
}

describe('the changeLog of a service', () => {
  it('receives the accepted writes of clients in order, with their writers', async () => {
    const log = new NotedChanges();
    const [, desk, phone] = await startedWith([new Observing({ changeLog: log })], 'desk', 'phone');
    await desk!.set('/light/dim', 1);
    await phone!.set('/light/dim', 2);
    await expect(phone!.set('/light/dim', 9, { revision: 1 })).rejects.toThrow();
    phone!.emit('/cue/go');
    await phone!.set('/light/dim', 4);
    expect(log.noted.filter((text) => text.includes('/light') || text.includes('/cue'))).toEqual([
      'desk sets /light/dim to 1, 1',
      'phone sets /light/dim to 2, 2',
      'phone publishes /cue/go',
      'phone sets /light/dim to 4, 3',
    ]);
  });

  it('receives nothing of addresses that it does not want, and is never asked for those of the router', async () => {
    const log = new NotedChanges();
    const [, desk] = await startedWith([new Observing({ changeLog: log })], 'desk');
    await desk!.set('/quiet/a', 1);
    await desk!.set('/b', 1);
    expect(log.noted).toEqual(['desk sets /b to 1, 1']);
    expect(log.asked.filter((address) => address.startsWith('/$'))).toEqual([]);
  });

  it('gives the changes to each service, beside the write history', async () => {
    const logs = [new NotedChanges(), new NotedChanges()];
    const services = logs.map((changeLog, i) => new Observing({ changeLog }, `log ${i}`));
    const router = createRouter({ services, writeHistory: [{ pattern: '/**', depth: 2 }] });
    cleanUps.push(() => router.stop());
    const desk = await router.connect({ name: 'desk' });
    await desk.set('/a', 1);
    for (const { noted } of logs) expect(noted).toEqual(['desk sets /a to 1, 1']);
    expect(router.history('/a')).toMatchObject([{ value: 1, name: 'desk' }]);
  });

  it('stores the writes of clients although a change log throws', async () => {
    const broken: ChangeLog = {
      wants: () => true,
      append: () => {
        throw new Error('disk full');
      },
      onCommitted: () => () => undefined,
    };
    const [router, desk] = await startedWith([new Observing({ changeLog: broken })], 'desk');
    await expect(desk!.set('/a', 1)).resolves.toMatchObject({ revision: 1 });
    expect(router.isReady).toBe(true);
  });
});

/** Copies the value that each param had when a generation began. */
class EarlierValues implements ParamWatch {
  generation = 1;
  readonly touched: string[] = [];

  touch(param: WatchedParam): void {
    const value = param.hasValue ? JSON.stringify(param.entry(0).value.decode()) : 'nothing';
    this.touched.push(`${param.address} had ${value}`);
    param.stored = this.generation;
  }
}

describe('the paramWatch of a service', () => {
  it('sees each param before its first change of a generation', async () => {
    const watch = new EarlierValues();
    const [, desk] = await startedWith([new Observing({ paramWatch: watch })], 'desk');
    await desk!.set('/a', 1);
    await desk!.set('/a', 2);
    expect(watch.touched).toEqual(['/a had nothing']);
    watch.generation++;
    await desk!.set('/a', 3);
    await desk!.set('/a', 4);
    expect(watch.touched).toEqual(['/a had nothing', '/a had 2']);
  });
});

/** Holds the acknowledgments below `/config` for the current cut. */
const configHold: ReplyHold = { check: () => undefined, cutFor: (address) => (address.startsWith('/config/') ? 1 : 0) };

/** Waits until a write has reached the router, by a second client. */
function reached(client: Client, address: string): Promise<void> {
  return new Promise((resolve) => {
    client.on(address, () => {
      resolve();
    });
  });
}

describe('the replyHold of a service', () => {
  it('delays an acknowledgment until the cut is stored, and no other client', async () => {
    const store = new Observing({ replyHold: configHold });
    const [, desk, phone] = await startedWith([store], 'desk', 'phone');
    const order: string[] = [];
    const held = desk!.set('/config/a', 1).then(() => order.push('stored'));
    await reached(phone!, '/config/a');
    await phone!.set('/show', 1).then(() => order.push('unheld'));
    store.router.settleCut(1);
    await held;
    expect(order).toEqual(['unheld', 'stored']);
  });

  it('fails the writes of a cut that was not stored, with the reason', async () => {
    const store = new Observing({ replyHold: configHold });
    const [, desk, phone] = await startedWith([store], 'desk', 'phone');
    const failed = expect(desk!.set('/config/a', 1)).rejects.toMatchObject({
      code: 500,
      message: expect.stringContaining('Applied, not stored: disk full'),
    });
    await reached(phone!, '/config/a');
    store.router.settleCut(1, 'disk full');
    await failed;
  });

  it('is no longer asked by a stopped router, whose settleCut has no effect', async () => {
    const store = new Observing({ replyHold: configHold });
    const [router] = await startedWith([store]);
    await router.stop();
    expect(() => {
      store.router.settleCut(1);
      store.router.stopRecording();
    }).not.toThrow();
  });
});

describe('the recorder of a service', () => {
  it('receives the inputs of the router until the service ends the recording', async () => {
    const inputs: CoreInput[] = [];
    const service = new Observing({ recorder: { record: (input) => void inputs.push(input) } });
    const [, desk] = await startedWith([service], 'desk');
    await desk!.set('/a', 1);
    const messages = (): string[] =>
      inputs.flatMap((input) => (input.type === 'frame' ? input.frame.message.type : []));
    expect(inputs.find(({ type }) => type === 'opened')).toMatchObject({ session: { isLocal: false } });
    expect(messages()).toEqual(expect.arrayContaining(['hello', 'set']));
    service.router.stopRecording();
    const before = inputs.length;
    await desk!.set('/a', 2);
    expect(inputs).toHaveLength(before);
  });
});

describe('a router', () => {
  const log = (): Observers => ({ changeLog: new NotedChanges() });
  const invalid = (observers: unknown): Service => new Observing(observers as Observers);

  it.each<[string, readonly Service[], string]>([
    ['observers that are no object', [invalid(1)], 'observers of the service store must be an object'],
    ['an unknown one', [invalid({ changelog: {} })], 'observers of the service store has no field "changelog"'],
    [
      'one without a method',
      [invalid({ replyHold: { check: () => undefined } })],
      'replyHold of the service store must have the methods check, cutFor',
    ],
    [
      'a watch without a generation',
      [invalid({ paramWatch: { touch: () => undefined } })],
      'paramWatch of the service store must have a generation, a number from 1',
    ],
    [
      'two of a kind that can exist once',
      [new Observing({ replyHold: configHold }, 'a'), new Observing({ replyHold: configHold }, 'b')],
      'the services a and b both have a replyHold; leave one out',
    ],
    [
      'more change logs than the core has',
      Array.from({ length: 31 }, (_, i) => new Observing(log(), String(i))),
      'services contains 31 with a changeLog; the limit is 30',
    ],
  ])('refuses %s', async (_, services, message) => {
    const error = await codedError(() => createRouter({ services }));
    expect(error).toMatchObject({ code: 'CLASP_ERR_OPTIONS', message });
  });
});
