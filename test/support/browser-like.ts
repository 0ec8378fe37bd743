import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import ts from 'typescript';

/**
 * A realm with the globals that browsers and Node.js share, without those of Node.js only: no Buffer, process, require
 * or timers. Modules are compiled as in the build and loaded into it.
 */
export class BrowserLike {
  readonly #context = vm.createContext(
    { TextEncoder, TextDecoder, atob, btoa },
    { codeGeneration: { strings: true, wasm: false } },
  );
  readonly #modules = new Map<string, vm.Module>();

  /** Runs the source text of a module in `src/`, and returns its exports. */
  async run(text: string): Promise<Readonly<Record<string, unknown>>> {
    const module = this.#compile(new URL('../../src/driver.ts', import.meta.url), text);
    await module.link((specifier, referrer) => this.#load(specifier, referrer.identifier));
    await module.evaluate();
    return module.namespace as Readonly<Record<string, unknown>>; // a namespace object
  }

  #load(specifier: string, referrer: string): vm.Module {
    const url = resolve(specifier, referrer);
    let module = this.#modules.get(url.href);
    if (module === undefined) {
      module = this.#compile(url, readFileSync(url, 'utf8'));
      this.#modules.set(url.href, module);
    }
    return module;
  }

  #compile(url: URL, text: string): vm.SourceTextModule {
    const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
    const code = url.pathname.endsWith('.ts')
      ? ts.transpileModule(text, { compilerOptions: options }).outputText
      : text;
    return new vm.SourceTextModule(code, { context: this.#context, identifier: url.href });
  }
}

/** Resolves a specifier like a bundler for browsers. */
function resolve(specifier: string, referrer: string): URL {
  if (specifier === 'cbor-x') return new URL('../../node_modules/cbor-x/index.js', import.meta.url); // its "default"
  if (!specifier.startsWith('.')) throw new Error(`a browser has no module ${specifier}`);
  const ours = !referrer.includes('/node_modules/');
  return new URL(ours ? specifier.replace(/\.js$/, '.ts') : specifier, referrer);
}
