import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RawSocket } from '../../support/raw-socket.js';
import { turns } from '../../support/inbox.js';
import { answersIn, EchoDoor } from './echo-door.js';
import { type Row, close } from './autobahn-frames.js';
import { everything, short } from './autobahn-rows.js';

let door: EchoDoor;
beforeAll(async () => {
  door = await EchoDoor.open();
});
afterAll(() => door.close());

let raw: RawSocket | undefined;
afterEach(() => raw?.destroy());

/** Runs a case, and returns everything that the server sent. */
async function play(
  { send, back }: Row,
  write: (client: RawSocket, bytes: Buffer) => Promise<void>,
): Promise<string[]> {
  const client = await RawSocket.upgrade(door.port);
  raw = client;
  await write(client, Buffer.concat(send));
  const ours = back.at(-1)?.startsWith('close') !== true;
  if (ours) {
    // A client that sends further data with its close does not wait for an answer and gets none.
    await client.receive((received) => answersIn(received).length >= back.length);
    client.write(close(1000));
  }
  // The server ends the connection, whichever side closed first: when the close is answered, or two seconds later.
  const isClosed = (): boolean => answersIn(client.received).some((one) => one.startsWith('close'));
  await client.receive(isClosed);
  if (!ours) client.write(close(1000));
  client.socket.end();
  await client.closed;
  const answers = answersIn(client.received);
  if (ours) expect(answers.pop()).toBe('close 1000');
  return answers;
}

describe('a WebSocket listener answers as RFC 6455 requires', () => {
  it.each(everything)('$case $what', async (row) => {
    const answers = await play(row, (client, bytes) => {
      client.write(bytes);
      return Promise.resolve();
    });
    expect(answers).toEqual(row.back);
  });

  it.each(short)('$case $what, one byte at a time', async (row) => {
    const answers = await play(row, async (client, bytes) => {
      for (const byte of bytes) {
        client.write(Uint8Array.of(byte));
        await turns();
      }
    });
    expect(answers).toEqual(row.back);
  });
});

describe('the table', () => {
  it('has every class except compression', () => {
    const classes = new Set(everything.map((row) => row.case.split('.')[0]));
    expect([...classes]).toEqual(expect.arrayContaining(['1', '2', '3', '4', '5', '6', '7', '9', '10']));
    expect(everything.length).toBeGreaterThan(200);
  });
});
