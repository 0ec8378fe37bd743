import { describe, expect, it } from '@jest/globals';
import { turns } from '../support/inbox.js';
import { kept, outcome } from './scripted-router.js';
import { router, connect, breakOff } from './watched-clients.js';

describe('close', () => {
  it('sends a close, rejects waiting requests, and leaves no timer', async () => {
    const { client, changes } = await connect();
    const set = kept(client.set('/a', 1));
    await client.close();
    await expect(set).rejects.toMatchObject({ kind: 'closed', message: 'the client was closed' });
    expect(changes).toEqual([{ state: 'closed', reason: undefined }]);
    expect(router.latest.connection.closeReason).toEqual({ kind: 'normal', text: 'the client was closed' });
    expect(router.latest.all('set')).toHaveLength(1); // written before the close
    await router.advance(60_000);
    expect(router.sessions).toHaveLength(1);
    await client.close();
  });

  it.each(['open', 'lost', 'connecting'])('leaves no timer if it was called %s', async (situation) => {
    const { client } = await connect();
    void kept(client.set('/a', 1));
    if (situation !== 'open') {
      router.answers = () => [];
      await breakOff();
    }
    if (situation === 'connecting') await router.advance(125);
    expect(router.clock.timers).toBeGreaterThan(0);
    await client.close();
    await turns();
    expect(router.clock.timers).toBe(0);
  });

  it('waits two seconds for a router that does not answer', async () => {
    const { client } = await connect();
    router.latest.connection.stall();
    const closed = client.close();
    await router.advance(1_999);
    expect(await outcome(closed)).toBe('waiting');
    await router.advance(1);
    expect(await outcome(closed)).toEqual({ value: undefined });
  });

  it('ends a wait for the next attempt', async () => {
    const { client } = await connect();
    await breakOff();
    await client.close();
    await router.advance(60_000);
    expect(router.sessions).toHaveLength(1);
    expect(client.state).toBe('closed');
  });

  it('aborts an attempt in progress', async () => {
    const { client } = await connect();
    router.answers = () => [];
    await breakOff();
    await router.advance(125);
    expect(router.sessions).toHaveLength(2);
    const closed = client.close();
    await turns();
    expect(router.latest.isOver).toBe(true);
    await closed;
  });
});
