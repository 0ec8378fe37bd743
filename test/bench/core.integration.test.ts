import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const core = new URL('../../bench/state/core.mjs', import.meta.url);

it('the core benchmarks find the built core', () => {
  const program = `
    import { makeCore } from ${JSON.stringify(core.href)};
    const { core } = await makeCore({ maxParams: 5 });
    console.log(core.paramCount);
  `;
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('.', core)),
    encoding: 'utf8',
  });
  expect(printed).toBe('0\n');
});
