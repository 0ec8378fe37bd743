// @ts-check
import { serve } from '../../bench/serve.mjs';
import { attacks } from './attacks.mjs';

/** @type {(() => Promise<object | void> | object | void) | undefined} */
let end;

serve({
  /** @param {{ name: string, port: number, tokens?: import('./attack-tools.mjs').Tokens, web?:
   * import('./attack-tools.mjs').WebAccess }} input */
  async begin({ name, port, tokens, web }) {
    const attack = attacks.find((one) => one.name === name);
    if (attack === undefined) throw new Error(`no attack is called ${name}`);
    end = await attack.run(port, tokens, web);
  },
  async end() {
    const result = await end?.();
    end = undefined;
    return result ?? {};
  },
});
