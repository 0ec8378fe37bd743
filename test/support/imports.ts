import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

/** One import, in any syntax. */
export interface Import {
  /** The importing module, as a path below `src`: `actors/ports.ts`. */
  readonly from: string;
  /** A path below `src` for the project's modules; otherwise the specifier itself. */
  readonly to: string;
  readonly ours: boolean;
  /** Removed by the compiler: nothing is loaded. */
  readonly typeOnly: boolean;
}

/** Modules by their path below `src`. */
export type Sources = ReadonlyMap<string, string>;

/** Returns the modules of `src`. */
export function readSources(): Sources {
  return readFiles('src', /\.ts$/);
}

/** Returns the tests and their helpers, by their path in the repository. */
export function readTests(): Sources {
  return new Map([...readFiles('test', /\.(ts|mjs)$/)].map(([file, text]) => [`test/${file}`, text]));
}

function readFiles(folder: string, name: RegExp): Sources {
  const root = new URL(`../../${folder}/`, import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
  const modules = files.filter((file) => name.test(file)).sort();
  return new Map(modules.map((file) => [file, readFileSync(new URL(file, root), 'utf8')]));
}

export function importsOf(sources: Sources): readonly Import[] {
  return [...sources].flatMap(([from, text]) =>
    specifiersOf(parse(from, text)).map(({ specifier, typeOnly }) => {
      const ours = specifier.startsWith('.');
      const path = posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
      return { from, to: ours ? path : specifier, ours, typeOnly };
    }),
  );
}

/** Names that a module uses, except property names. */
export function identifiersOf(file: string, text: string): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isPropertyName(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(parse(file, text));
  return names;
}

/** Chains of imports that return to their first module, type-only imports included. */
export function cyclesOf(imports: readonly Import[]): readonly string[] {
  const edges = new Map<string, string[]>();
  for (const { from, to, ours } of imports) {
    if (ours) edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (module: string, path: readonly string[]): void => {
    const at = path.indexOf(module);
    if (at >= 0) cycles.push([...path.slice(at), module].join(' → '));
    if (at >= 0 || done.has(module)) return;
    for (const to of edges.get(module) ?? []) visit(to, [...path, module]);
    done.add(module);
  };
  for (const module of edges.keys()) visit(module, []);
  return cycles;
}

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

function specifiersOf(source: ts.SourceFile): readonly { specifier: string; typeOnly: boolean }[] {
  const found: { specifier: string; typeOnly: boolean }[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined) return;
    // A specifier that is computed is reported as its own text, which no rule allows.
    found.push({ specifier: ts.isStringLiteralLike(specifier) ? specifier.text : specifier.getText(source), typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isExternalModuleReference(node)) add(node.expression, false);
    else if (ts.isCallExpression(node) && isLoading(node.expression)) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isLoading(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}

function isPropertyName(name: ts.Identifier): boolean {
  const { parent } = name;
  const named =
    ts.isPropertyAccessExpression(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent);
  return named && parent.name === name;
}
