import { describe, expect, it } from '@jest/globals';
import { FileWriter } from '../../../src/journal/files/file-writer.js';
import { FaultyDisk } from '../../support/faulty-disk.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('a FileWriter', () => {
  it('writes what was added before a commit, in order', async () => {
    const disk = new FaultyDisk();
    const writer = await FileWriter.create(disk, '/f');
    writer.append(bytes('one '));
    writer.append(bytes('two'));
    expect(writer.queuedBytes).toBe(7);
    await writer.commit(true);
    expect(Buffer.from(disk.contentOf('/f')).toString()).toBe('one two');
    expect([writer.writtenBytes, writer.queuedBytes]).toEqual([7, 0]);
  });

  it('shares one write and one sync among commits that arrive during a write', async () => {
    const disk = new FaultyDisk();
    const writer = await FileWriter.create(disk, '/f');
    const calls: string[] = [];
    disk.disturb = (_, call) => {
      calls.push(call);
      return undefined;
    };
    writer.append(bytes('a'));
    const commits = [writer.commit(true)];
    for (const text of 'bcd') {
      writer.append(bytes(text));
      commits.push(writer.commit(true));
    }
    await Promise.all(commits);
    expect(calls).toEqual(['append', 'sync', 'append', 'sync']);
  });

  it('does not sync if no commit asks for it', async () => {
    const disk = new FaultyDisk();
    const writer = await FileWriter.create(disk, '/f');
    writer.append(bytes('a'));
    await writer.commit(false);
    expect(disk.crash(() => 0.9).paths).toEqual([]);
  });

  it('fails if the disk takes a part of a write', async () => {
    const disk = new FaultyDisk();
    const writer = await FileWriter.create(disk, '/f');
    disk.disturb = (_, call) => (call === 'append' ? 'short' : undefined);
    writer.append(bytes('abcd'));
    await expect(writer.commit(false)).rejects.toMatchObject({ code: 'ENOSPC', message: 'the disk took 2 of 4 bytes' });
  });

  it('never syncs a file again after a failed sync, although the second one would succeed', async () => {
    const disk = new FaultyDisk();
    const writer = await FileWriter.create(disk, '/f');
    let syncs = 0;
    disk.disturb = (_, call) => (call === 'sync' && ++syncs === 1 ? { code: 'EIO' } : undefined);
    writer.append(bytes('a'));
    await expect(writer.commit(true)).rejects.toMatchObject({ code: 'EIO' });
    writer.append(bytes('b'));
    await expect(writer.commit(true)).rejects.toMatchObject({ code: 'EIO' });
    expect(syncs).toBe(1);
  });

  it('rejects the commits that wait when it is closed, after the write in flight', async () => {
    const disk = new FaultyDisk();
    const writer = await FileWriter.create(disk, '/f');
    writer.append(bytes('a'));
    const first = writer.commit(true);
    const second = writer.commit(true);
    const closing = writer.close();
    await expect(first).resolves.toBeUndefined();
    await expect(second).rejects.toThrow('/f is closed');
    await closing;
  });
});
