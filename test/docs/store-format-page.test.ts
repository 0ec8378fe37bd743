import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { fileKinds, fileNameOf } from '../../src/journal/format/file-name.js';
import * as layout from '../../src/journal/format/layout.js';
import { signalTypes } from '../../src/protocol/enumerations.js';
import { ValueType } from '../../src/protocol/values/value.js';

const page = readFileSync('docs/reference/store-format.md', 'utf8');
const grouped = (count: number): string => count.toLocaleString('en-US');
const hex = (code: number): string => `0x${code.toString(16).toUpperCase().padStart(2, '0')}`;

describe('the page of the file format', () => {
  it('names the kinds of files, with code and extension', () => {
    for (const [index, kind] of fileKinds.entries()) {
      const extension = fileNameOf({ kind, number: 0, salt: 0 }).split('.').at(-1)!; // invariant: names have one
      expect(page).toContain(`| ${kind} | ${index + 1} | \`.${extension}\` |`);
    }
  });

  it('names the kinds of records', () => {
    const listed = [...page.matchAll(/^(0x[0-9A-F]{2}) ([A-Z]+) /gm)].map(([, code, name]) => [name, code]);
    expect(listed).toEqual(Object.entries(layout.RecordKind).map(([name, code]) => [name.toUpperCase(), hex(code)]));
    expect(page).toContain(`>= ${hex(layout.FIRST_LATER_KIND).toLowerCase()}`);
  });

  it('states the limits', () => {
    for (const limit of [
      `payload length, at most ${grouped(layout.MAX_BLOCK_PAYLOAD_BYTES)}`,
      `at ${grouped(layout.FULL_PAYLOAD_BYTES)} payload bytes or ${grouped(layout.MAX_BLOCK_NAMES - 1)} names`,
      `${grouped(layout.MAX_STORED_NAME_BYTES)} bytes`,
    ]) {
      expect(page.replace(/\s+/g, ' ')).toContain(limit);
    }
    expect(page).toContain(`\n${layout.FILE_HEADER_BYTES} bytes.\n`);
    expect(page).toContain(`\n${layout.BLOCK_HEADER_BYTES} bytes, then the payload.`);
  });

  it('states the flags and codes', () => {
    const { Last, End, Deflated } = layout.BlockFlag;
    for (const [flag, meaning] of [
      [Last, 'LAST'],
      [End, 'END'],
      [Deflated, 'the payload is deflated'],
    ] as const) {
      expect(page).toContain(`| ${flag} | ${meaning}`);
    }
    for (const flag of Object.values(layout.SetFlag)) expect(page).toContain(`| ${hex(flag)} |`);
    expect(page.replace(/\s+/g, ' ')).toContain(signalTypes.map((type, code) => `${code} ${type}`).join(', '));
    for (const [name, code] of Object.entries(ValueType)) {
      if (name === 'Null' || name === 'Int64' || name === 'Float64')
        expect(page).toContain(`${code} ${name.toLowerCase()}`);
    }
  });
});
