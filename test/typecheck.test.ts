import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const root = fileURLToPath(new URL('../', import.meta.url));
const configs = ['tsconfig.json', 'src/inspector/page/tsconfig.json'];
/** Folders with installed or generated files. */
const generated = new Set(['node_modules', 'dist', 'coverage', '.git', '.built', 'api']);

describe('npm run typecheck', () => {
  it('checks every TypeScript and JavaScript file of the repository', () => {
    const checked = new Set(configs.flatMap(programFiles));
    expect(sourceFiles().filter((file) => !checked.has(file))).toEqual([]);
  });

  it('runs the compiler on the projects that this test checks', () => {
    const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: { typecheck: string } };
    const projects = [...scripts.typecheck.matchAll(/tsc -p (\S+)/g)].map(([, project = '']) => project);
    expect(projects.map((project) => (project.endsWith('.json') ? project : `${project}/tsconfig.json`))).toEqual(
      configs,
    );
  });

  it('is disabled in no file', () => {
    const switchOff = /^\s*\/\/ @ts-nocheck/m;
    expect(sourceFiles().filter((file) => switchOff.test(readFileSync(`${root}${file}`, 'utf8')))).toEqual([]);
  });
});

/** Returns the files of a project, as paths below the root. */
function programFiles(config: string): readonly string[] {
  const path = `${root}${config}`;
  const { config: json } = ts.readConfigFile(path, (file) => readFileSync(file, 'utf8')) as { config: unknown };
  const { fileNames } = ts.parseJsonConfigFileContent(json, ts.sys, path.slice(0, path.lastIndexOf('/')));
  return fileNames.map((file) => file.slice(root.length));
}

/** Returns all files that the compiler can read, as paths below the root. */
function sourceFiles(folder = ''): readonly string[] {
  return readdirSync(`${root}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    if (generated.has(entry.name)) return [];
    if (entry.isDirectory()) return sourceFiles(`${path}/`);
    return /\.[cm]?[jt]s$/.test(entry.name) ? [path] : [];
  });
}
