import { describe, expect, it } from '@jest/globals';
import { SignalTree } from '../../../src/inspector/page/signal-tree.js';
import { signal, signalsMessage } from './fake-router.js';

function tree(...addresses: readonly string[]): SignalTree {
  const made = new SignalTree();
  made.apply(signalsMessage(addresses.map((address) => signal(address))));
  return made;
}

/** Returns each line by its level, with `*` at a signal. */
function drawn(signals: SignalTree): readonly string[] {
  return signals
    .lines()
    .map(({ level, segment, signal: at, below }) => `${'.'.repeat(level)}${segment}${at ? '*' : ''} ${below}`);
}

describe('the tree of signals', () => {
  it('has a line for each segment, with numbers ordered by value', () => {
    expect(drawn(tree('/b/10', '/b/9', '/a'))).toEqual(['.a* 0', '.b 2', '..9* 0', '..10* 0']);
  });

  it('has a signal at a segment with others below it', () => {
    expect(drawn(tree('/a/b', '/a'))).toEqual(['.a* 1', '..b* 0']);
  });

  it.each(['/', '/a/', '//', '/__proto__/constructor'])('contains %s', (address) => {
    const signals = tree(address);
    expect(signals.signalAt(address)?.address).toBe(address);
    expect(signals.lines().at(-1)?.path).toBe(address);
    signals.apply({ ...signalsMessage([]), removed: [address] });
    expect(signals.lines()).toEqual([]);
  });

  it('removes branches with their last signal, and no others', () => {
    const signals = tree('/a/b/c', '/a/d', '/a');
    signals.apply({ ...signalsMessage([]), removed: ['/a/b/c', '/a/b/c', '/never'] });
    expect(drawn(signals)).toEqual(['.a* 1', '..d* 0']);
    signals.apply({ ...signalsMessage([]), removed: ['/a'] });
    expect(drawn(signals)).toEqual(['.a 1', '..d* 0']);
  });

  it('counts a signal once, however often it is written', () => {
    const signals = tree('/a/b');
    signals.apply(signalsMessage([signal('/a/b', { value: 1 })]));
    expect(drawn(signals)).toEqual(['.a 1', '..b* 0']);
    expect(signals.lines()[1]?.signal?.value).toBe(1);
  });

  it('keeps collapsed lines, also through a restart', () => {
    const signals = tree('/a/b', '/c');
    signals.fold('/a', true);
    expect(drawn(signals)).toEqual(['.a 1', '.c* 0']);
    signals.clear();
    signals.apply(signalsMessage([signal('/a/b'), signal('/a/x')]));
    expect(drawn(signals)).toEqual(['.a 2']);
    signals.fold('/a', false);
    expect(drawn(signals)).toEqual(['.a 2', '..b* 0', '..x* 0']);
  });
});
