import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const core = new URL('../../bench/state/core.mjs', import.meta.url);

it('the core benchmarks find the built core, and a session of theirs gets its WELCOME', () => {
  const program = `
    import { makeCore } from ${JSON.stringify(core.href)};
    const { core, join, flush } = await makeCore({ maxParams: 5 });
    join();
    console.log(core.paramCount, flush() > 0);
  `;
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('.', core)),
    encoding: 'utf8',
  });
  expect(printed).toBe('0 true\n');
});
