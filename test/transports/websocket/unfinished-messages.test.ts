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

describe('incomplete messages of all connections', () => {
  it('close the connection with the most bytes above the limit', () => {
    const messages = new UnfinishedMessages(1_000);
    const [small, large, late] = [sender(), sender(), sender()];
    messages.set(small, 300);
    messages.set(large, 500);
    messages.set(late, 201);
    const text = 'its unfinished message of 500 bytes is the largest, and all together exceed 1000 bytes';
    expect([small.ends, large.ends, late.ends]).toEqual([[], [text], []]);
    expect(messages.total).toBe(501);
  });

  it('do not count after they are complete', () => {
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
