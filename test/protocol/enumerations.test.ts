import { describe, expect, it } from '@jest/globals';
import {
  featureBits,
  features,
  featuresFromBits,
  federationOps,
  gesturePhases,
  Qos,
  signalTypeMask,
  signalTypes,
  signalTypesFromMask,
} from '../../src/protocol/enumerations.js';

describe('the codes of wire.md 7', () => {
  it('are the indexes of the lists', () => {
    expect(signalTypes).toEqual(['param', 'event', 'stream', 'gesture', 'timeline']);
    expect(gesturePhases).toEqual(['start', 'move', 'end', 'cancel']);
    expect(federationOps).toEqual(['declareNamespaces', 'requestSync', 'revisionVector', 'syncComplete']);
    expect(Qos).toEqual({ Fire: 0, Confirm: 1, Commit: 2 });
  });
});

describe('features', () => {
  it.each([
    ['param', 0x80],
    ['event', 0x40],
    ['stream', 0x20],
    ['gesture', 0x10],
    ['timeline', 0x08],
    ['federation', 0x04],
  ] as const)('%s is bit %i', (feature, bit) => {
    expect(featureBits([feature], 0xfc)).toBe(bit);
    expect(featuresFromBits(bit, 0xfc)).toEqual([feature]);
  });

  it('are reported in the order of their bits, known bits only', () => {
    expect(featuresFromBits(0xff, 0xfc)).toEqual(features);
    expect(featuresFromBits(0xff, 0xf8)).not.toContain('federation');
    expect(featuresFromBits(0x03, 0xfc)).toEqual([]);
    expect(featureBits(['federation', 'event', 'param', 'param'], 0xf8)).toBe(0xc0);
  });
});

describe('the signal type mask', () => {
  it('round-trips every list', () => {
    for (let mask = 1; mask <= 0x1f; mask++) expect(signalTypeMask(signalTypesFromMask(mask))).toBe(mask);
  });

  it.each([0x00, 0xe0, 0x20, 0xff])('%i is no filter', (mask) => expect(signalTypesFromMask(mask)).toBeUndefined());

  it('distinguishes five named types from no filter', () => {
    expect(signalTypesFromMask(0x1f)).toEqual(signalTypes);
    expect(signalTypeMask(signalTypes)).toBe(0x1f);
    expect(signalTypeMask(undefined)).toBe(0xff);
    expect(signalTypeMask([])).toBe(0xff);
  });

  it('ignores unknown bits beside known ones', () => {
    expect(signalTypesFromMask(0xe1)).toEqual(['param']);
    expect(signalTypesFromMask(0xfe)).toEqual(['event', 'stream', 'gesture', 'timeline']);
  });
});
