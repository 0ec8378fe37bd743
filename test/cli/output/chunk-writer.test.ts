import { closeSync, openSync, readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChunkWriter, chunkWriter, streamWriter, threadWriter } from '../../../src/cli/output/chunk-writer.js';
import { TemporaryFolder } from '../../certificates/temporary-folder.js';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => folder.remove());

function written(writer: ChunkWriter, text: string): Promise<readonly [code: string | undefined, bytes: number]> {
  return new Promise((resolve) => {
    writer.write(Buffer.from(text), (error, bytes) => {
      resolve([error?.code, bytes]);
    });
  });
}

describe('threadWriter', () => {
  it('writes chunks in order', async () => {
    const path = folder.at('log');
    const fd = openSync(path, 'w');
    const writer = threadWriter(fd);
    expect(await written(writer, 'ä')).toEqual([undefined, 2]);
    expect(await written(writer, 'bc')).toEqual([undefined, 2]);
    closeSync(fd);
    expect(readFileSync(path, 'utf8')).toBe('äbc');
  });

  it('reports the code of a failure', async () => {
    const fd = openSync(folder.write('log', ''), 'r');
    expect(await written(threadWriter(fd), 'a')).toEqual(['EBADF', 0]);
    closeSync(fd);
  });
});

describe('streamWriter', () => {
  it('reports the code of a failure without ending the process', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
    });
    const writer = streamWriter(stream);
    expect(writer.blocksThread).toBe(false);
    expect(await written(writer, 'a')).toEqual(['EPIPE', 0]);
    expect(await written(writer, 'b')).toEqual(['ERR_STREAM_DESTROYED', 0]);
  });
});

describe('chunkWriter', () => {
  it('writes the log on Windows in a thread, because consoles and pipes block there', () => {
    expect(chunkWriter(2, true).blocksThread).toBe(true);
  });
});
