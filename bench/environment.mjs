// @ts-check
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

const PACKAGES = ['ws', 'rxjs', 'xstate', 'cbor-x'];

/** What the figures depend on besides the code. */
export function environment() {
  return {
    date: new Date().toISOString(),
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    loadAverage: os.loadavg()[0],
    node: process.version,
    router: `${version(new URL('../package.json', import.meta.url))}${commit()}`,
    packages: Object.fromEntries(
      PACKAGES.map((name) => [name, version(new URL(`../node_modules/${name}/package.json`, import.meta.url))]),
    ),
  };
}

/** @param {ReturnType<typeof environment>} environment */
export function describe({ date, cpu, cores, memoryGiB, system, loadAverage, node, router, packages }) {
  const versions = Object.entries(packages).map(([name, installed]) => `${name} ${installed}`);
  return [
    `${date}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; load average before the run ${loadAverage.toFixed(2)}`,
    `clasp-router ${router}, Node ${node}, ${versions.join(', ')}`,
  ].join('\n');
}

/** @param {URL} packageJson */
function version(packageJson) {
  try {
    return String(JSON.parse(readFileSync(packageJson, 'utf8')).version);
  } catch {
    return 'missing';
  }
}

function commit() {
  try {
    const git = (/** @type {string[]} */ ...args) =>
      execFileSync('git', args, {
        cwd: new URL('..', import.meta.url),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    return ` (${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', 'src') === '' ? '' : ' and changes'})`;
  } catch {
    return ''; // not a checkout
  }
}
