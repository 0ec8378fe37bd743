import { describe, expect, it } from '@jest/globals';
import {
  type UnfinishedConnection,
  UnfinishedMessages,
} from '../../../src/transports/websocket/unfinished-messages.js';

interface Sender extends UnfinishedConnection {
  readonly ends: string[];
}

function sender(): Sender {
  const ends: string[] = [];
  return { ends, onTooMuch: (text) => void ends.push(text) };
}

describe('unfinished messages of all connections', () => {
  it('cost the connection with most its connection, above the limit', () => {
    const messages = new UnfinishedMessages(1_000);
    const [small, large, late] = [sender(), sender(), sender()];
    messages.set(small, 300);
    messages.set(large, 500);
    messages.set(late, 201);
    const text = 'its unfinished message has 500 bytes, the most of all, and all together more than 1000';
    expect([small.ends, large.ends, late.ends]).toEqual([[], [text], []]);
    expect(messages.total).toBe(501);
  });

  it('do not count once they are finished', () => {
    const messages = new UnfinishedMessages(1_000);
    const senders = Array.from({ length: 10 }, sender);
    for (const one of senders) {
      messages.set(one, 600);
      messages.set(one, 900);
      messages.set(one, 0);
    }
    expect(messages.total).toBe(0);
    expect(senders.flatMap(({ ends }) => ends)).toEqual([]);
  });
});
