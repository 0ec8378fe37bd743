import { describe, expect, it } from '@jest/globals';
import { placeOf } from '../../src/network-place.js';
import { Crowd } from '../../src/transports/websocket/crowd.js';
import { doorLimits } from '../../src/transports/websocket/door-limits.js';

const unlimited = { maxHalfOpen: 0, maxHalfOpenPerAddress: 0, connectsPerSecond: 0, maxConnectsPerSecond: 0 };

describe('the crowd at a door', () => {
  it('is limited by address, and room is made by who leaves', () => {
    const crowd = new Crowd({ ...unlimited, maxHalfOpenPerAddress: 2 });
    expect([1, 2].map(() => crowd.enter('192.0.2.1', 0))).toEqual([undefined, undefined]);
    expect(crowd.enter('192.0.2.1', 0)).toBe('2 connections of its address are half open; the limit is 2');
    expect(crowd.enter('192.0.2.2', 0)).toBeUndefined();
    crowd.leave('192.0.2.1');
    expect(crowd.enter('192.0.2.1', 0)).toBeUndefined();
    expect(crowd.enter('192.0.2.1', 0)).toBeDefined();
  });

  it('is limited in all', () => {
    const crowd = new Crowd({ ...unlimited, maxHalfOpen: 3 });
    for (const last of [1, 2, 3]) expect(crowd.enter(`192.0.2.${last}`, 0)).toBeUndefined();
    expect(crowd.enter('192.0.2.4', 0)).toBe('3 connections are half open; the limit is 3');
    crowd.leave('192.0.2.2');
    expect(crowd.enter('192.0.2.4', 0)).toBeUndefined();
  });

  it('may not connect too often from one address', () => {
    const crowd = new Crowd({ ...unlimited, connectsPerSecond: 5 });
    const connect = (address: string, nowMs: number): boolean => {
      const fault = crowd.enter(address, nowMs);
      if (fault !== undefined) expect(fault).toBe('its address connects more than 5 times a second');
      else crowd.leave(address);
      return fault === undefined;
    };
    expect(Array.from({ length: 7 }, () => connect('192.0.2.1', 1_000))).toEqual([
      ...Array.from({ length: 5 }, () => true),
      false,
      false,
    ]);
    expect(connect('192.0.2.2', 1_000)).toBe(true);
    expect(connect('192.0.2.1', 1_199)).toBe(false);
    expect(connect('192.0.2.1', 1_200)).toBe(true);
    expect(connect('192.0.2.1', 1_201)).toBe(false);
  });

  it('may not connect too often from all addresses together', () => {
    const crowd = new Crowd({ ...unlimited, maxConnectsPerSecond: 2 });
    expect(['192.0.2.1', '192.0.2.2'].map((address) => crowd.enter(address, 0))).toEqual([undefined, undefined]);
    expect(crowd.enter('192.0.2.3', 0)).toBe('all addresses together connect more than 2 times a second');
  });

  it('remembers the rate of 4,096 addresses, those that came last', () => {
    const crowd = new Crowd({ ...unlimited, connectsPerSecond: 1 });
    const addressOf = (i: number): string => `10.0.${i >> 8}.${i & 0xff}`;
    for (let i = 0; i < 4_096; i++) expect(crowd.enter(addressOf(i), 0)).toBeUndefined();
    expect(crowd.enter(addressOf(0), 0)).toBeDefined(); // now the last
    expect(crowd.enter('192.0.2.1', 0)).toBeUndefined(); // in the place of the second
    expect(crowd.enter(addressOf(0), 0)).toBeDefined();
    expect(crowd.enter(addressOf(1), 0)).toBeUndefined();
  });

  it('does not hold this computer up', () => {
    const crowd = new Crowd({
      maxHalfOpen: 1,
      maxHalfOpenPerAddress: 1,
      connectsPerSecond: 1,
      maxConnectsPerSecond: 1,
    });
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.9.9.9']) {
      for (let i = 0; i < 10; i++) expect(crowd.enter(address, 0)).toBeUndefined();
      crowd.leave(address);
    }
    expect(crowd.enter('192.0.2.1', 0)).toBeUndefined(); // nor does this computer take the room of others
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::2', '0:0:0:0::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    [undefined, 'unknown'],
    ['127.0.0.1', undefined],
    ['::1', undefined],
  ])('is told apart by place: %s is %s', (address, place) => expect(placeOf(address)).toBe(place));

  it('has these limits unless others are given', () => {
    expect(doorLimits({})).toEqual({
      handshakeMs: 10_000,
      maxHeaderBytes: 16_384,
      maxHeaders: 100,
      maxHalfOpen: 512,
      maxHalfOpenPerAddress: 64,
      connectsPerSecond: 200,
      maxConnectsPerSecond: 2_000,
    });
    const given = {
      handshakeMs: 1,
      maxHeaderBytes: 2,
      maxHeaders: 3,
      maxHalfOpen: 0,
      maxHalfOpenPerAddress: 5,
      connectsPerSecond: 6,
      maxConnectsPerSecond: 7,
    };
    expect(doorLimits(given)).toEqual(given);
  });
});
