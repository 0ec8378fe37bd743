import { describe, expect, it } from '@jest/globals';
import type { StateChange } from '../../src/client/lifecycle.js';
import { turns } from '../support/inbox.js';
import { ack, failure, kept, outcome, welcome } from './scripted-router.js';
import { router, clients } from './watched-clients.js';

describe('over datagrams', () => {
  const link = () => router.link({ reliable: false });

  it('HELLO is repeated with the cookie, followed by the token', async () => {
    router.answers = (hello, session) =>
      hello.type === 'hello' && hello.token?.startsWith('udp:abc') === true
        ? [welcome(session.id)]
        : [failure(300, 'udp:abc')];
    for (const [token, repeated] of [
      [undefined, 'udp:abc'],
      ['secret', 'udp:abc secret'],
    ]) {
      const client = await router.connect({ token }, link());
      clients.push(client);
      expect(router.latest.all('hello').map((hello) => hello.token)).toEqual([token, repeated]);
    }
  });

  it('HELLO is repeated each second until it is answered', async () => {
    let lost = 2;
    router.answers = (_, session) => (lost-- > 0 ? [] : [welcome(session.id)]);
    const attempt = router.connect({}, link());
    await turns();
    await router.advance(2_000);
    clients.push(await attempt);
    await router.advance(5_000);
    expect(router.latest.all('hello')).toHaveLength(3);
  });

  it('a second WELCOME for a repeated HELLO restores the subscriptions in the new session', async () => {
    router.answers = () => [];
    const attempt = router.connect({}, link());
    await turns();
    await router.advance(1_000);
    await router.latest.say(welcome('first'));
    const client = await attempt;
    clients.push(client);
    client.on('/a', () => undefined);
    await router.latest.say(welcome('second'));
    expect(client.session).toBe('second');
    expect(router.latest.all('subscribe').map(({ id }) => id)).toEqual([1, 1]);
    await router.latest.say(welcome('nobody asked'));
    expect(client.session).toBe('second');
  });

  it('a router that sends cookie after cookie is rejected', async () => {
    let count = 0;
    router.answers = () => [failure(300, `udp:${++count}`)];
    await expect(router.connect({}, link())).rejects.toThrow('udp:6');
  });

  it('a cookie has no meaning over connections', async () => {
    router.answers = () => [failure(300, 'udp:abc')];
    await expect(router.connect()).rejects.toThrow('udp:abc');
  });

  it('ERROR 501 and 502 mean a close, which the network does not signal; 503 does not', async () => {
    const client = await router.connect({ reconnect: false }, link());
    const changes: StateChange[] = [];
    client.onState((change) => changes.push(change));
    await router.latest.say(failure(503, 'Message of 2000 bytes does not fit a datagram'));
    expect(client.state).toBe('open');
    await router.latest.say(failure(501, 'The router is shutting down'));
    expect(changes).toEqual([{ state: 'closed', reason: expect.objectContaining({ code: 501 }) }]);
  });

  it('a frame that does not fit a datagram is rejected immediately', async () => {
    const client = await router.connect({}, router.link({ reliable: false, maxFrameBytes: 100 }));
    clients.push(client);
    await expect(client.set('/a', 'x'.repeat(200))).rejects.toThrow('the frame is 212 bytes; memory: takes 100');
  });

  it('an unanswered SYNC does not reject requests that wait longer', async () => {
    const client = await router.connect({}, link());
    clients.push(client);
    const set = kept(client.set('/a', 1));
    await client.sync();
    expect(await outcome(set)).toBe('waiting');
    await router.latest.say(ack('/a', 1));
    expect(await set).toEqual({ revision: 1 });
  });
});
