import { describe, expect, it } from '@jest/globals';
import { parseOptions } from '../../bench/arguments.mjs';
import { targets } from '../../bench/targets.mjs';

const targetsOf = (argv: readonly string[], name: string): readonly string[] =>
  parseOptions([...argv])?.cases.find((one) => one.name === name)?.targets ?? [];

describe('an option --peer', () => {
  it('adds another Node.js to the cases of the router, with its version in the name', () => {
    const name = `clasp-router-node-${process.version.slice(1)}`;
    expect(targetsOf(['--peer', `node=${process.execPath}`, '--case', 'event-1-1'], 'event-1-1')).toContain(name);
    expect(targets.get(name)).toMatchObject({ wire: 'clasp', isGuest: true });
  });

  it('adds a program only to the cases of its kind', () => {
    const peer = ['--peer', 'redis-server=/nowhere/redis-server'];
    expect(targetsOf(peer, 'event-1-1')).toContain('redis-server at /nowhere/redis-server');
  });

  it('gives the reason why a program cannot take part', () => {
    parseOptions(['--peer', 'bun=/nowhere/bun']);
    expect(targets.get('bun at /nowhere/bun')?.missing()).toBe('/nowhere/bun is not an executable file');
  });

  it.each([
    ['node', '--peer node should be KIND=PATH'],
    ['=x', '--peer =x should be KIND=PATH'],
    ['deno=/x', '--peer deno=/x: the kinds are mosquitto, nats-server, redis-server, bun, node'],
  ])('refuses %s', (text, sentence) => {
    expect(() => parseOptions(['--peer', text])).toThrow(sentence);
  });

  it('refuses a second target of one name', () => {
    const twice = ['--peer', 'nats-server=/nowhere/nats', '--peer', 'nats-server=/nowhere/nats'];
    expect(() => parseOptions(twice)).toThrow('there is a target nats-server at /nowhere/nats already');
  });
});

it('a target that is not installed takes no part, and its sentence names it', () => {
  const path = process.env.PATH;
  process.env.PATH = '';
  try {
    expect(targets.get('bun')?.missing()).toBe('bun is not installed');
  } finally {
    process.env.PATH = path;
  }
});
