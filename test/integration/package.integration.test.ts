import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, type ExecFileException } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
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

  it.each(['http3', 'inspector', 'elkjs', 'playwright', 'cli/'])('does not load %s with its root', (part) => {
    const { ours, others } = staticImports(join(root, 'dist/index.js'));
    expect(ours.size).toBeGreaterThan(100);
    expect(
      [...ours, ...others].filter((name) => name.slice(root.length).includes(part) && !isQuicSource(name)),
    ).toEqual([]);
  });
});

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

function versionOf(folderOfPackage: string): string {
  const { version } = JSON.parse(readFileSync(join(folderOfPackage, 'package.json'), 'utf8')) as { version: string };
  return version;
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
