import { describe, expect, it } from '@jest/globals';
import { subscription } from '../../../src/core/subscriptions/subscription.js';
import { SubscriptionIndex } from '../../../src/core/subscriptions/subscription-index.js';
import { signalTypes } from '../../../src/protocol/enumerations.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { StepCounter } from '../../../src/protocol/step-counter.js';
import { CoreHarness } from '../../support/core-harness.js';

const MAX_BYTES = 1_000_000;

function index(subscriptions: number): SubscriptionIndex {
  const made = new SubscriptionIndex(
    () => [],
    () => true,
    new StepCounter(),
    MAX_BYTES,
  );
  const harness = new CoreHarness();
  for (let i = 0; i < subscriptions; i++) {
    made.add(subscription(harness.connect().session, i, parsePattern('/**'), undefined, undefined));
  }
  return made;
}

describe('the recipient cache', () => {
  it('is bounded although a thousand sessions have subscribed to everything', () => {
    const recipients = index(1_000);
    for (let i = 0; i < 2_000; i++) {
      recipients.recipients(`/address/${i}`, 'event');
      expect(recipients.cachedBytes).toBeLessThanOrEqual(MAX_BYTES);
    }
    expect(recipients.cachedBytes).toBeGreaterThan(0);
  });

  it('is bounded although the addresses are long', () => {
    const recipients = index(1);
    const long = 'x'.repeat(1_000);
    for (let i = 0; i < 2_000; i++) recipients.recipients(`/${i}/${long}`, 'event');
    expect(recipients.cachedBytes).toBeLessThanOrEqual(MAX_BYTES);
  });

  it('counts the lists of each type', () => {
    const recipients = index(1);
    recipients.recipients('/a', signalTypes[0]);
    const one = recipients.cachedBytes;
    for (const type of signalTypes) recipients.recipients('/a', type);
    expect(recipients.cachedBytes).toBeGreaterThan(one);
    for (const type of signalTypes) recipients.recipients('/a', type);
    expect(recipients.cachedBytes).toBe(one + (signalTypes.length - 1) * 8);
  });

  it('is emptied after a change also if recipients are only found without it', () => {
    const recipients = index(2);
    recipients.recipients('/a', 'event');
    expect(recipients.cachedBytes).toBeGreaterThan(0);
    recipients.forgetAll();
    recipients.resolve('/a', 'event');
    expect(recipients.cachedBytes).toBe(0);
  });
});
