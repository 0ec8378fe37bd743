import { randomInt } from 'node:crypto';
import { FileWriter } from '../files/file-writer.js';
import type { Files } from '../files/files.js';
import { encodeFileHeader } from '../format/file-header.js';
import { fileNameOf } from '../format/file-name.js';
import { CutEncoder } from './cut-encoder.js';

/** A file of params that is being written. */
export interface StoreFile {
  /** Without its folder. */
  readonly name: string;
  readonly writer: FileWriter;
  readonly encoder: CutEncoder;
}

/** Creates a file of params. Its header is written with the first commit. */
export async function createStoreFile(
  files: Files,
  folder: string,
  kind: 'base' | 'tail',
  generation: number,
): Promise<StoreFile> {
  const header = { kind, number: generation, salt: randomInt(2 ** 32) };
  const name = fileNameOf(header);
  const writer = await FileWriter.create(files, `${folder}/${name}`);
  writer.append(encodeFileHeader(header));
  return { name, writer, encoder: new CutEncoder(writer, header.salt) };
}
