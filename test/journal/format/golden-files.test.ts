import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { scanBlocks } from '../../../src/journal/format/block-reader.js';
import { decodeRecords } from '../../../src/journal/format/decode-records.js';
import { decodeFileHeader } from '../../../src/journal/format/file-header.js';
import { StoreFormatError } from '../../../src/journal/format/store-format-error.js';
import { plainRecord } from '../../support/plain-record.mjs';

const folder = new URL('../../golden/durability/', import.meta.url);
const files = readdirSync(folder).filter((name) => /\.(tail|base|log|rec)$/.test(name));
const newer = '00000009.5eed5eed.tail';

function contentOf(name: string, bytes: Uint8Array): unknown {
  const header = decodeFileHeader(bytes, name);
  if (header === undefined) throw new Error(`${name} is not a file of the store`);
  const { kind, number, salt } = header;
  const blocks = [...scanBlocks(bytes, header)].map((item) => {
    if (item.type !== 'block') return item;
    const { records, fault } = decodeRecords(item);
    return {
      timeMicros: item.timeMicros,
      number: item.number,
      flags: item.flags,
      records: plainRecord(records ?? fault),
    };
  });
  return { header: { kind, number, salt }, blocks };
}

describe('the golden files of the store', () => {
  it('include each kind of file and each kind of record', () => {
    const texts = files
      .filter((name) => name !== newer)
      .map((name) => readFileSync(new URL(`${name}.json`, folder), 'utf8'));
    const found = (key: string): Set<string> =>
      new Set(
        texts
          .join()
          .match(new RegExp(`"${key}": "[a-z]+"`, 'g'))
          ?.map((text) => text.slice(key.length + 5, -1)),
      );

    expect([...found('kind')].sort()).toEqual(['base', 'journal', 'recording', 'tail']);
    for (const type of ['set', 'gone', 'publish', 'signal', 'note', 'gap']) expect(found('type')).toContain(type);
    expect(files).toHaveLength(6);
  });

  it.each(files.filter((name) => name !== newer))('are read as they were written: %s', (name) => {
    const expected: unknown = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));

    expect(contentOf(name, readFileSync(new URL(name, folder)))).toEqual(expected);
  });

  it('of a newer major format are refused by name and left unchanged', () => {
    const bytes = readFileSync(new URL(newer, folder));
    const before = Buffer.from(bytes);

    expect(() => decodeFileHeader(bytes, newer)).toThrow(
      new StoreFormatError(`${newer} was written by a newer clasp-router (format 2)`),
    );
    expect(bytes.equals(before)).toBe(true);
  });
});
