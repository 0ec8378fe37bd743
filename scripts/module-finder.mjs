// @ts-check
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Returns a function that finds the module that declares an exported type, relative to `src/router`.
 *
 * @param {URL} src
 * @returns {(type: string) => string}
 */
export function moduleFinder(src) {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file: file.replaceAll('\\', '/'), text: readFileSync(new URL(file, src), 'utf8') }));
  return (type) => {
    const declaration = new RegExp(`^export (?:interface|type|class) ${type}\\b(?! *[,}])`, 'm');
    const found = files.filter(({ text }) => declaration.test(text)).map(({ file }) => file);
    const [file] = found;
    if (file === undefined || found.length > 1) throw new Error(`${type} is declared in ${found.length} modules`);
    const module = file.replace(/\.ts$/, '.js');
    return module.startsWith('router/') ? `./${module.slice('router/'.length)}` : `../${module}`;
  };
}
