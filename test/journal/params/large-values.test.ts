import { describe, expect, it } from '@jest/globals';
import { FileWriter } from '../../../src/journal/files/file-writer.js';
import { CutEncoder } from '../../../src/journal/params/cut-encoder.js';
import { DirtyParams } from '../../../src/journal/params/dirty-params.js';
import { PersistRules } from '../../../src/journal/params/persist-rules.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness } from '../../support/core-harness.js';
import { FaultyDisk } from '../../support/faulty-disk.js';

describe('a slice of a cut', () => {
  it('ends with a full block, so that large values do not delay other work', async () => {
    const dirty = new DirtyParams(new PersistRules([{ pattern: '/**' }], 'interval'));
    const harness = new CoreHarness({ paramWatch: dirty });
    const peer = harness.join('desk');
    const value = encodeValue('v'.repeat(60_000));
    for (let n = 0; n < 40; n++) peer.send({ type: 'set', address: `/large/${n}`, value });
    const file = await FileWriter.create(new FaultyDisk(), '/tail');
    const encoder = new CutEncoder(file, 7);
    encoder.begin(1, 0, { wallMicros: 0, monotonicMicros: 0, protocolAheadMicros: 0 });
    dirty.beginCut(encoder);
    let slices = 1;
    for (let before = 0; !dirty.stepCut(); slices++, before = file.queuedBytes) {
      expect(file.queuedBytes - before).toBeLessThan(400_000);
    }
    expect(slices).toBeGreaterThan(5);
  });
});
