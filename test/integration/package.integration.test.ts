import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, type ExecFileException } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/** Checks the published package with the tools of its users. Needs the build. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = (path: string): string => join(root, 'node_modules', path);
let folder: string;

beforeAll(() => {
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('dist/index.js is not there: run npm run build');
  folder = mkdtempSync(join(tmpdir(), 'clasp-package-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function node(args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    execFile(process.execPath, args, { cwd: root }, (error: ExecFileException | null, stdout, stderr) => {
      if (error === null) done(stdout);
      else fail(new Error(`${error.message}\n${stdout}${stderr}`));
    });
  });
}

describe('the package', () => {
  it('has no findings of publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: root, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('has types that every entry resolves', async () => {
    const npm = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
    const npmCli = process.env.npm_execpath ?? npm;
    await node([npmCli, 'pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
    const tarball = join(folder, `clasp-router-${versionOf(root)}.tgz`);
    await node([bin('@arethetypeswrong/cli/dist/index.js'), tarball, '--profile', 'esm-only', '--no-color']);
  });

  it('has declarations that TypeScript before 5.7 can read: no typed array has a type argument', () => {
    const generic = declarations(join(root, 'dist')).filter((file) =>
      /\b(?:Big)?(?:Ui|I)nt\d+(?:Clamped)?Array<|\bFloat\d+Array<|\bArrayBufferView<|\bBuffer</.test(
        readFileSync(file, 'utf8'),
      ),
    );
    expect(generic).toEqual([]);
  });

  it('has documentation without a warning: no link in a comment is broken', async () => {
    await node([bin('typedoc/bin/typedoc'), '--emit', 'none', '--logLevel', 'Warn']);
  });

  it('has no unused file, export or dependency', async () => {
    expect(await node([bin('knip/bin/knip.js'), '--no-progress'])).toBe('');
  });

  it('exports at most 30 names from its root, none of them with *', () => {
    const entry = readFileSync(join(root, 'src/index.ts'), 'utf8');
    const names = [...entry.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) =>
      list.split(',').filter((name) => name.trim() !== ''),
    );
    expect(names.length).toBeGreaterThan(20);
    expect(names.length).toBeLessThanOrEqual(30);
    expect(entry).not.toMatch(/export \*/);
  });

  it('adds less than 1 KiB to a bundle that uses one error class', async () => {
    expect(await bundled(`export { ClaspError } from 'clasp-router';`)).toBeLessThan(1_024);
    expect(await bundled(`export { createRouter } from 'clasp-router';`)).toBeGreaterThan(100_000);
  });

  it('has source maps with their sources', () => {
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(root, 'dist/index.js.map'), 'utf8')) as {
      readonly sources: readonly string[];
      readonly sourcesContent?: readonly string[];
    };
    expect(sourcesContent).toHaveLength(sources.length);
  });

  it.each(['http3', 'inspector', 'elkjs', 'pino', 'prom-client', 'jose', 'playwright', 'cli/'])(
    'does not load %s with its root',
    (part) => {
      const { ours, others } = staticImports(join(root, 'dist/index.js'));
      expect(ours.size).toBeGreaterThan(100);
      expect(
        [...ours, ...others].filter((name) => name.slice(root.length).includes(part) && !isQuicSource(name)),
      ).toEqual([]);
    },
  );
});

/** Returns the bytes of a minified bundle of this module, without the packages that it imports. */
async function bundled(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    alias: { 'clasp-router': join(root, 'dist/index.js') },
    external: Object.keys(dependenciesOf(root)),
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    format: 'esm',
  });
  return outputFiles[0]!.contents.length; // one entry makes one file
}

/** Returns every declaration file below a folder. */
function declarations(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.d.ts'))
    .map((name) => join(folder, name));
}

/** The modules that wrap the QUIC binding, which is loaded when a QUIC listener opens. */
function isQuicSource(name: string): boolean {
  return name.includes('/transports/quic/');
}

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

function manifestOf(folderOfPackage: string): Manifest {
  return JSON.parse(readFileSync(join(folderOfPackage, 'package.json'), 'utf8')) as Manifest;
}

function versionOf(folderOfPackage: string): string {
  return manifestOf(folderOfPackage).version;
}

function dependenciesOf(folderOfPackage: string): Readonly<Record<string, string>> {
  const { dependencies, peerDependencies } = manifestOf(folderOfPackage);
  return { ...dependencies, ...peerDependencies };
}

/** Returns all modules that load with an entry: own files, and names of packages. */
function staticImports(entry: string): { readonly ours: ReadonlySet<string>; readonly others: ReadonlySet<string> } {
  const ours = new Set<string>();
  const others = new Set<string>();
  const visit = (file: string): void => {
    if (ours.has(file)) return;
    ours.add(file);
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export)\b(?:[^;'"(]*\bfrom)?\s*['"]([^'"]+)['"]/gm,
    )) {
      if (target.startsWith('.')) visit(resolve(dirname(file), target));
      else others.add(`${root}node_modules/${target}`);
    }
  };
  visit(entry);
  return { ours, others };
}
