import { describe, expect, it } from '@jest/globals';
import { machineNames } from '../../src/certificates/machine-names.js';

const always = ['localhost', '127.0.0.1', '::1'];

describe('the names of a computer', () => {
  it('are localhost, its host name, its mDNS name, and its addresses in the local network', () => {
    const interfaces = {
      lo: [
        { address: '127.0.0.1', internal: true },
        { address: '::1', internal: true },
      ],
      eth0: [
        { address: '192.168.1.20', internal: false },
        { address: 'fe80::1', internal: false }, // requires an interface
        { address: 'fd00::20', internal: false },
      ],
      wlan0: [{ address: '192.168.1.20', internal: false }],
      down0: undefined,
    };
    expect(machineNames('Stage-PC', interfaces)).toEqual([
      ...always,
      'stage-pc',
      'stage-pc.local',
      '192.168.1.20',
      'fd00::20',
    ]);
  });

  it.each([
    ['stage.example.org', ['stage.example.org']],
    ['my_pi', ['my_pi', 'my_pi.local']],
    ['localhost', ['localhost.local']],
    ['', []],
    ['Bühne', []],
    ['a pc', []],
    ['a..b', []],
    ['x'.repeat(64), []],
    [`${'x'.repeat(60)}.`.repeat(5) + 'org', []],
  ])('of %j', (host, names) => expect(machineNames(host, {})).toEqual([...always, ...names]));

  it('are at most a hundred', () => {
    const docker = Array.from({ length: 300 }, (_, i) => ({ address: `172.16.${i >> 8}.${i & 255}`, internal: false }));
    expect(machineNames('pc', { docker })).toHaveLength(100);
  });

  it('exist on this computer', () => expect(machineNames().slice(0, 3)).toEqual(always));
});
