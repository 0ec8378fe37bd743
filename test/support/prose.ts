import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

/** One comment, test title or page. Text that the word test ignores is replaced by spaces. */
export interface Passage {
  /** Line of the first character; the first line of a file is 1. */
  readonly line: number;
  readonly text: string;
}

/** An expression of the word list, at a place. */
export interface Hit {
  readonly file: string;
  readonly line: number;
  /** In lower case, with single spaces. */
  readonly phrase: string;
}

/** An allowed expression of the word list. It must occur in the file. */
export interface Exception {
  readonly file: string;
  readonly phrase: string;
  readonly reason: string;
}

/** Expressions of the project's former private vocabulary. Matched as whole words, in any case. */
const wordList = [
  'whoever|whomever|whom|(some|no|every|any)body|he|him|his|himself|told|tells? of|hears',
  'doors?|doorsteps?|newcomers?|turnstiles?|turnout|lanes?|patience|happenings?|goodbyes?|farewells?',
  'last words|takes? leave|in good order|lets? (it|them|everybody) go|in silence|without a word',
  '(is|are|was) none|what there is|the like|of ours|at hand|anew|for ever|upon|whilst|amongst',
  'so many (in|at)|one a (client|session|tick|second)|thinned out',
].join('|');

/** Between the words of an expression: spaces, or the end of a line and the start of the next comment line. */
const GAP = String.raw`(?:\s|//|\*)+`;

const words = new RegExp(String.raw`\b(?:${wordList.replaceAll(' ', GAP)})\b`, 'gi');

/** Source files and pages at or below a path of the repository, in order. Copies of specifications are left out. */
export function proseFiles(path: string): readonly string[] {
  if (!isFolder(path)) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((file) => `${path}/${file.replaceAll('\\', '/')}`)
    .filter((file) => /\.(ts|mjs|js|md)$/.test(file) && !file.startsWith('docs/spec/'))
    .sort();
}

export function hitsIn(file: string, text = readFileSync(file, 'utf8')): readonly Hit[] {
  // Most files have none of the expressions. Parsing them would take most of the time.
  if (text.search(words) < 0) return [];
  return passagesOf(file, text).flatMap((passage) =>
    [...passage.text.matchAll(words)].map((match) => ({
      file,
      line: passage.line + lineBreaks(passage.text.slice(0, match.index)),
      phrase: match[0].toLowerCase().replaceAll(new RegExp(GAP, 'g'), ' '),
    })),
  );
}

/** The hits that no exception allows. */
export function unexcused(hits: readonly Hit[], exceptions: readonly Exception[]): readonly Hit[] {
  return hits.filter((hit) => !exceptions.some((exception) => allows(exception, hit)));
}

/** The exceptions that allow none of the hits. */
export function unusedExceptions(hits: readonly Hit[], exceptions: readonly Exception[]): readonly Exception[] {
  return exceptions.filter((exception) => !hits.some((hit) => allows(exception, hit)));
}

function allows({ file, phrase }: Exception, hit: Hit): boolean {
  return file === hit.file && phrase === hit.phrase;
}

function isFolder(path: string): boolean {
  return !/\.\w+$/.test(path);
}

function passagesOf(file: string, text: string): readonly Passage[] {
  if (/\.(ts|mjs|js)$/.test(file)) return [...commentsAndTitles(file, text)];
  return [{ line: 1, text: file.endsWith('.md') ? proseOfPage(text) : text }];
}

function proseOfPage(page: string): string {
  return withoutQuotes(page.replace(/^( *)```[^]*?^\1```/gm, blank)).replace(/\]\([^)]*\)/g, blank);
}

function* commentsAndTitles(file: string, text: string): Generator<Passage> {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const passage = (start: number, content: string): Passage => ({
    line: source.getLineAndCharacterOfPosition(start).line + 1,
    text: withoutQuotes(content),
  });
  const literals: ts.Node[] = [];
  const titles: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    if (isLiteral(node)) literals.push(node);
    if (ts.isCallExpression(node) && isTest(node.expression, source)) titles.push(...node.arguments.slice(0, 1));
    ts.forEachChild(node, visit);
  };
  visit(source);
  // With the literals blanked, comment markers begin comments only.
  let code = text;
  for (const literal of literals) {
    const start = literal.getStart(source);
    code = code.slice(0, start) + blank(code.slice(start, literal.end)) + code.slice(literal.end);
  }
  for (const comment of code.matchAll(/\/\*[^]*?\*\/|(?:\/\/.*\s*)+/g)) {
    yield passage(comment.index, text.slice(comment.index, comment.index + comment[0].length));
  }
  for (const title of titles) {
    if (ts.isStringLiteralLike(title)) yield passage(title.getStart(source), title.text);
    if (!ts.isTemplateExpression(title)) continue;
    const pieces = [title.head, ...title.templateSpans.map(({ literal }) => literal)];
    yield passage(title.getStart(source), pieces.map((piece) => piece.text).join(' … '));
  }
}

/** `describe`, `it`, `test`, and calls such as `it.each(…)`. */
function isTest(callee: ts.Expression, source: ts.SourceFile): boolean {
  return /^(describe|it|test)\b/.test(callee.getText(source));
}

function isLiteral(node: ts.Node): boolean {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isRegularExpressionLiteral(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node)
  );
}

/** Blanks code spans, links to names, and text in double quotes. Each can continue on the next line. */
function withoutQuotes(text: string): string {
  return text.replace(/`[^`\n]*(?:\n[^`\n]+)?`|"[^"\n]*(?:\n[^"\n]+)?"|\{@link [^}]*\}/g, blank);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

function lineBreaks(text: string): number {
  return text.split('\n').length - 1;
}
