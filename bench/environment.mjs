// @ts-check
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

const PACKAGES = ['ws', 'rxjs', 'xstate', 'cbor-x'];

/**
 * Returns what the figures depend on besides the code.
 *
 * @param {ReadonlyMap<string, string>} [peers] versions of third-party servers, by name
 */
export function environment(peers = new Map()) {
  return {
    date: new Date().toISOString(),
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    loadAverage: os.loadavg()[0] ?? NaN,
    node: process.version,
    router: `${version(new URL('../package.json', import.meta.url))}${commit()}`,
    peers: Object.fromEntries(peers),
    packages: Object.fromEntries(
      PACKAGES.map((name) => [name, version(new URL(`../node_modules/${name}/package.json`, import.meta.url))]),
    ),
  };
}

/** @param {ReturnType<typeof environment>} environment */
export function describe({ date, cpu, cores, memoryGiB, system, loadAverage, node, router, packages, peers }) {
  const named = (/** @type {Record<string, string>} */ versions) =>
    Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${date}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; load average before the run ${loadAverage.toFixed(2)}`,
    `clasp-router ${router}, Node ${node}, ${named(packages).join(', ')}`,
    ...(Object.keys(peers).length > 0 ? [`beside it: ${named(peers).join(', ')}`] : []),
  ].join('\n');
}

/**
 * Returns the maximum number of open files per process, sockets included; Infinity if the system does not report it.
 */
export function openFileLimit() {
  /** @type {{ userLimits?: { open_files?: { soft: number | 'unlimited' } } }} */
  const report = Object(process.report?.getReport());
  const limit = report.userLimits?.open_files?.soft;
  return typeof limit === 'number' ? limit : Infinity;
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
