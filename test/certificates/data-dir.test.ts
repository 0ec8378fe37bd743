import { describe, expect, it } from '@jest/globals';
import { defaultDataDir } from '../../src/certificates/data-dir.js';
import { TransportError } from '../../src/net/transport-error.js';

describe('the default data folder', () => {
  it.each([
    ['linux', { HOME: '/home/ada' }, '/home/ada/.local/share/clasp-router'],
    ['linux', { HOME: '/home/ada', XDG_DATA_HOME: '/data' }, '/data/clasp-router'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/clasp-router'],
    ['linux', { HOME: '/home/ada', XDG_DATA_HOME: '' }, '/home/ada/.local/share/clasp-router'],
    ['linux', { HOME: '/home/ada', XDG_DATA_HOME: 'data' }, '/home/ada/.local/share/clasp-router'], // must be absolute
    ['freebsd', { HOME: '/home/ada' }, '/home/ada/.local/share/clasp-router'],
    ['darwin', { HOME: '/Users/ada' }, '/Users/ada/Library/Application Support/clasp-router'],
    ['darwin', { HOME: '/Users/ada', XDG_DATA_HOME: '/data' }, '/Users/ada/Library/Application Support/clasp-router'],
    ['win32', { LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local' }, 'C:\\Users\\ada\\AppData\\Local\\clasp-router'],
    ['win32', { USERPROFILE: 'C:\\Users\\ada' }, 'C:\\Users\\ada\\AppData\\Local\\clasp-router'],
    ['win32', { LOCALAPPDATA: 'D:\\Local', HOME: '/home/ada', XDG_DATA_HOME: '/data' }, 'D:\\Local\\clasp-router'],
  ])('on %s with %j is %s', (platform, env, folder) => expect(defaultDataDir(platform, env)).toBe(folder));

  it.each([
    ['linux', {}],
    ['linux', { HOME: '' }],
    ['linux', { LOCALAPPDATA: '/data' }],
    ['darwin', { XDG_DATA_HOME: '/data' }],
    ['win32', { HOME: '/home/ada' }],
  ])('on %s with %j does not exist, and one sentence says so', (platform, env) => {
    const find = (): string => defaultDataDir(platform, env);
    expect(find).toThrow(TransportError);
    expect(find).toThrow('this user has no home folder for data; choose a folder with the option dataDir');
  });
});
