import { describe, expect, it } from '@jest/globals';
import { blocksOf, programFile, runProgram } from '../support/page-programs.js';

describe('docs/how-to/observing-writes.md', () => {
  it('shows a program that runs, and its output', async () => {
    const blocks = blocksOf('docs/how-to/observing-writes.md');
    expect(blocks.map(({ language }) => language)).toEqual(['js', 'text']);
    const [program, output] = blocks;
    expect(await runProgram(programFile('observing-writes.mjs', program!.text))).toBe(output!.text);
  });
});
