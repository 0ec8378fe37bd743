import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { v8FlagsFor } from '../../src/cli/v8-flags.js';

describe('the flags of V8', () => {
  it.each([
    ['11.3.244.8-node.38', 0],
    ['12.4.254.21-node.33', 0],
    ['13.6.233.17-node.37', 1],
    ['14.1.146.11-node.14', 0],
    ['', 0],
  ])('are set for %p where they were measured: %p', (version, count) => {
    expect(v8FlagsFor(version)).toHaveLength(count);
  });

  it('are known to this Node.js, so that the command prints no line about them', () => {
    const flags = v8FlagsFor(process.versions.v8);
    const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
    for (const flag of flags) expect(known).toContain(flag);
  });
});
