import { type RouterState, stateOfSignal } from '../core/params/param-state.js';
import type { ParamState } from '../core/params/stored-param.js';
import type { StateContent } from '../journal/state/index.js';
import { jsonOfValue } from '../protocol/encodings/json-value.js';
import { matchPattern } from '../protocol/pattern.js';

/**
 * Returns a state as `router.state()` does, sorted by address, so that two exports can be compared.
 *
 * @param savedAtMicros calendar time of the state
 * @param pattern selects addresses
 */
export function routerStateOf(content: StateContent, savedAtMicros: number, pattern: string): RouterState {
  const selects = (address: string): boolean => pattern === '/**' || matchPattern(pattern, address);
  return {
    version: 1,
    savedAtMicros,
    params: content.params
      .filter(({ address }) => selects(address))
      .map(({ value, address, ...others }): ParamState => ({ address, value: jsonOfValue(value.decode()), ...others }))
      .sort((one, other) => compare(one.address, other.address)),
    gone: content.gone.filter(([address]) => selects(address)).sort(([one], [other]) => compare(one, other)),
    signals: content.signals
      .filter(({ address }) => selects(address))
      .sort((one, other) => compare(one.address, other.address))
      .map(stateOfSignal),
  };
}

/** Yields JSON with one line per param, removed param and signal. */
export function* stateLines({ version, savedAtMicros, ...lists }: RouterState): Generator<string, void, undefined> {
  yield `{\n  "version": ${version},\n  "savedAtMicros": ${savedAtMicros ?? 0}`;
  for (const name of ['params', 'gone', 'signals'] as const) {
    yield `,\n  "${name}": [`;
    let isFirst = true;
    for (const entry of lists[name]) {
      yield `${isFirst ? '' : ','}\n    ${JSON.stringify(entry)}`;
      isFirst = false;
    }
    yield isFirst ? ']' : '\n  ]';
  }
  yield '\n}\n';
}

/** By code units, so that the order is the same on every computer. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
