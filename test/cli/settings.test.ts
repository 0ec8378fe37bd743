import { describe, expect, it } from '@jest/globals';
import { banner } from '../../src/cli/banner.js';
import { routerFlags } from '../../src/cli/router-flags.js';
import { parseRouterOptions, routerOptions } from '../../src/router/options.js';
import type { RouterOptions } from '../../src/router/router-options.js';
import type { AnyOption } from '../../src/util/option.js';
import { helpText } from '../../src/cli/help.js';
import { readSettings, type Request, runLine } from '../../src/cli/settings.js';
import { UsageError } from '../../src/cli/usage-error.js';

const defaults = {
  port: 7330,
  websocket: true,
  tcpPort: undefined,
  udpPort: undefined,
  quicPort: undefined,
  quicDatagrams: false,
  pipePath: undefined,
  tls: false,
  certPath: undefined,
  keyPath: undefined,
  dataDir: undefined,
  needsPersist: false,
  persist: true,
  persistSync: 'interval',
  persistIntervalSeconds: 1,
  persistOnly: [],
  persistExcept: [],
  instance: undefined,
  allowedOrigins: [],
  allowHosts: [],
  trustedProxies: [],
  auth: false,
  jwtSecretPath: undefined,
  jwtKeyPath: undefined,
  jwksPath: undefined,
  jwtIssuer: undefined,
  jwtAudience: undefined,
  trustAnchorPaths: [],
  healthPort: undefined,
  healthHost: '127.0.0.1',
  metrics: false,
  inspect: false,
  inspectRemote: false,
  inspectRelayUrl: undefined,
  staticFolders: [],
  host: '0.0.0.0',
  logLevel: 'info',
  jsonLog: false,
  router: { maxSessions: 1_000, drainTimeoutSeconds: 3 },
};

/** The settings with these options of the router. */
const withRouter = (options: RouterOptions): object => ({ ...defaults, router: { ...defaults.router, ...options } });

describe('the command line', () => {
  it('has a default for every setting', () => {
    expect(readSettings([], {})).toEqual({ kind: 'run', settings: defaults, warnings: [] });
  });

  it.each([
    [['--port', '0'], { port: 0 }],
    [['--no-persist'], { persist: false }],
    [
      ['--persist', '--persist-sync', 'always', '--persist-interval', '5', '--persist-only', '/a/**, /b/*'],
      { needsPersist: true, persistSync: 'always', persistIntervalSeconds: 5, persistOnly: ['/a/**', '/b/*'] },
    ],
    [['--persist-except=/sensors/**', '--instance', 'stage'], { persistExcept: ['/sensors/**'], instance: 'stage' }],
    [['-p', '8000', '--log-level', 'debug'], { port: 8000, logLevel: 'debug' }],
    [['--host=127.0.0.1', '--json-log'], { host: '127.0.0.1', jsonLog: true }],
    [['--quic-datagrams'], { quicDatagrams: true }],
    [['--tcp-port', '7333', '--udp-port=0', '--quic-port', '7331'], { tcpPort: 7333, udpPort: 0, quicPort: 7331 }],
    [['--pipe', '/run/clasp.sock', '--no-websocket'], { pipePath: '/run/clasp.sock', websocket: false }],
    [['--tls', '--data-dir', '/var/lib/clasp'], { tls: true, dataDir: '/var/lib/clasp' }],
    [['--cert', 'c.pem', '--key', 'k.pem'], { tls: true, certPath: 'c.pem', keyPath: 'k.pem' }],
    [['--allow-host', 'show.example.org,desk'], { allowHosts: ['show.example.org', 'desk'] }],
    [['--allow-origin', 'https://show.example, null'], { allowedOrigins: ['https://show.example', 'null'] }],
    [['--trust-proxy', '127.0.0.1, 10.0.0.0/8'], { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] }],
    [['--auth', '--jwt-secret', 's', '--jwt-issuer', 'me'], { auth: true, jwtSecretPath: 's', jwtIssuer: 'me' }],
    [['--jwt-key', 'k', '--jwks', 'j', '--jwt-audience', 'us'], { jwtKeyPath: 'k', jwksPath: 'j', jwtAudience: 'us' }],
    [['--trust-anchor', 'a.pem,b.pem'], { trustAnchorPaths: ['a.pem', 'b.pem'] }],
    [['--health-port', '7360', '--health-host', '0.0.0.0'], { healthPort: 7360, healthHost: '0.0.0.0' }],
    [['--inspect', '--static', 'public, more'], { inspect: true, staticFolders: ['public', 'more'] }],
    [['--inspect-remote'], { inspect: true, inspectRemote: true }],
    [['--inspect-ws', 'ws://localhost:8080'], { inspectRelayUrl: 'ws://localhost:8080' }],
    [['--metrics'], { metrics: true }],
    [['--tcp-port', 'off'], {}],
  ])('reads %j', (args, expected) => {
    expect(readSettings(args, {})).toEqual({ kind: 'run', settings: { ...defaults, ...expected }, warnings: [] });
  });

  it.each<[readonly string[], RouterOptions]>([
    [['-n', 'Stage left'], { name: 'Stage left' }],
    [['--max-params', '0', '--param-ttl', '3600'], { maxParams: 0, paramTtlSeconds: 3600 }],
    [['--max-sessions', '0', '--max-subscriptions', '5'], { maxSessions: 0, maxSubscriptionsPerSession: 5 }],
    [
      ['--max-sessions-per-token', '20', '--max-sessions-per-address', '8'],
      { maxSessionsPerToken: 20, maxSessionsPerAddress: 8 },
    ],
    [['--session-timeout', '60', '--drain-timeout', '1'], { sessionTimeoutSeconds: 60, drainTimeoutSeconds: 1 }],
    [['--max-messages-per-second', '0'], { maxMessagesPerSecond: 0 }],
    [['--max-messages-per-second', 'auto'], {}],
    [['--max-param-bytes', 'auto', '--max-memory-bytes=20000000'], { maxMemoryBytes: 20_000_000 }],
    [['--allow-insecure-udp'], { allowInsecureUdp: true }],
    [['--no-presence', '--check-announced'], { presence: false, checkAnnounced: true }],
    [['--features', 'param, event', '--eviction', 'oldest'], { features: ['param', 'event'], eviction: 'oldest' }],
    [['--gesture-interval', '0.5', '--hello-timeout', '0.5'], { gestureIntervalMs: 0.5, helloTimeoutSeconds: 0.5 }],
  ])('reads the options of the router in %j', (args, options) => {
    expect(readSettings(args, {})).toEqual({ kind: 'run', settings: withRouter(options), warnings: [] });
  });

  it('has a flag for every option of the router that is a number, a word or a switch', () => {
    const names = Object.entries<AnyOption>(routerOptions)
      .filter(([name, { form }]) => form.kind !== 'object' && name !== 'securityMode')
      .map(([name]) => name);
    expect(routerFlags.map(({ option }) => option).toSorted()).toEqual(names.toSorted());
    for (const { name, about, declared } of routerFlags) {
      if (about.value === undefined) continue;
      const { settings } = readSettings([`--${name}`, about.fallback], {}) as Extract<Request, { kind: 'run' }>;
      expect(parseRouterOptions(settings.router)).toMatchObject({ maxSessions: 1_000 });
      expect(declared.form.kind).not.toBe('switch');
    }
  });

  it('uses the environment for missing flags', () => {
    const environment = { CLASP_PORT: '9000', CLASP_NAME: 'From outside', CLASP_JSON_LOG: '1', CLASP_HOST: '' };
    expect(readSettings(['--port', '9001'], environment)).toEqual({
      kind: 'run',
      settings: { ...withRouter({ name: 'From outside' }), port: 9001, jsonLog: true },
      warnings: [],
    });
  });

  it.each([
    [['--prot', '1'], {}, 'unknown option --prot (did you mean --port?); see clasp-router --help'],
    [['--nonsense'], {}, 'unknown option --nonsense; see clasp-router --help'],
    [['-x'], {}, 'unknown option -x; see clasp-router --help'],
    [['7330'], {}, 'unexpected argument "7330"; see clasp-router --help'],
    [['--port'], {}, '--port needs a value; see clasp-router --help'],
    [['--port', 'http'], {}, '--port must be a whole number from 0 to 65535, not "http"'],
    [['--port', '65536'], {}, '--port must be a whole number from 0 to 65535, not "65536"'],
    [['--max-sessions=-1'], {}, '--max-sessions must be a whole number of at least 0, not "-1"'],
    [['--name', ''], {}, '--name must be a text of 1 to 255 characters, not ""'],
    [['--host', ''], {}, '--host must not be empty'],
    [['--host', 'x'.repeat(256)], {}, '--host must have at most 255 characters, not 256'],
    [['--eviction', 'mru'], {}, '--eviction must be "lru" or "oldest" or "reject", not "mru"'],
    [
      ['--features', 'params'],
      {},
      '--features must be a list of param, event, stream, gesture, timeline, not "params"',
    ],
    [['--max-params', 'auto'], {}, '--max-params must be a whole number of at least 0, not "auto"'],
    [[], { CLASP_NO_PRESENCE: 'no' }, 'CLASP_NO_PRESENCE must be one of true, false, 1, 0, not "no"'],
    [
      ['--session-timeout', '604801'],
      {},
      '--session-timeout must be a number of seconds from 0 to 604800, not "604801"',
    ],
    [['--log-level', 'loud'], {}, '--log-level must be one of silent, error, warn, info, debug, not "loud"'],
    [['--udp-port', 'on'], {}, '--udp-port must be a whole number from 0 to 65535, not "on"'],
    [['--pipe', ''], {}, '--pipe must not be empty'],
    [['--json-log=yes'], {}, '--json-log takes no value'],
    [[], { CLASP_PORT: 'tcp://10.96.0.7' }, 'CLASP_PORT must be a whole number from 0 to 65535, not "tcp://10.96.0.7"'],
    [[], { CLASP_HOST: 'x'.repeat(256) }, 'CLASP_HOST must have at most 255 characters, not 256'],
    [[], { CLASP_PORT: 'x' }, 'CLASP_PORT must be a whole number from 0 to 65535, not "x"'],
  ])('answers %j with one sentence', (args, environment, sentence) => {
    expect(() => readSettings(args, environment)).toThrow(new UsageError(sentence));
  });

  it('explains every flag in its help', () => {
    for (const name of Object.keys(runLine.flags)) expect(helpText()).toContain(`--${name}`);
    expect(readSettings(['-h'], {})).toEqual({ kind: 'help' });
    expect(readSettings(['--version'], {})).toEqual({ kind: 'version' });
  });
});

describe('the banner', () => {
  const address = { transport: 'websocket', host: '0.0.0.0', port: 7330, url: 'ws://0.0.0.0:7330' };

  it('lists every address that a phone on the network can use', () => {
    const text = banner({
      name: 'Stage',
      version: '1',
      securityMode: 'open',
      addresses: [address],
      lan: ['192.168.1.20', '10.0.0.5'],
      storeFolder: '/data/store/7330',
    });
    expect(text.split('\n')).toEqual([
      'Stage (clasp-router 1)',
      'listening on 0.0.0.0:7330',
      '  ws://localhost:7330',
      '  ws://192.168.1.20:7330',
      '  ws://10.0.0.5:7330',
      'params: stored in /data/store/7330',
      expect.stringContaining('security: open'),
      expect.stringContaining('try: npx wscat -c ws://localhost:7330'),
      '',
    ]);
  });

  it('lists every listener with its transport, and the certificate', () => {
    const text = banner({
      name: 'Stage',
      version: '1',
      securityMode: 'open',
      addresses: [
        { transport: 'websocket', host: '0.0.0.0', port: 7330, url: 'wss://0.0.0.0:7330' },
        { transport: 'udp', host: '::', port: 7330, url: 'udp://[::]:7330' },
        { transport: 'pipe', host: '', port: 0, url: 'unix:/run/clasp.sock' },
      ],
      certificate: { fingerprint: 'AA:BB', selfSigned: true },
      lan: ['10.0.0.5'],
    });
    expect(text.split('\n')).toEqual([
      'Stage (clasp-router 1)',
      'listening on 0.0.0.0:7330',
      '  wss://localhost:7330',
      '  wss://10.0.0.5:7330',
      'listening on [::]:7330 (udp)',
      '  udp://localhost:7330',
      '  udp://10.0.0.5:7330',
      'listening on unix:/run/clasp.sock (pipe)',
      'certificate (self-signed): SHA-256 AA:BB',
      'params: in memory only; a restart loses them',
      expect.stringContaining('security: open'),
      expect.stringContaining('try: npx wscat -n -c wss://localhost:7330'),
      '',
    ]);
  });

  it('prints the link to the inspector of the WebSocket port', () => {
    const options = { name: 'Stage', version: '1', securityMode: 'open', addresses: [address], lan: [] } as const;
    const inspectorLink = (url: string): string => `${url}/inspect/#key=k`;
    expect(banner({ ...options, inspectorLink })).toContain('\ninspector: ws://0.0.0.0:7330/inspect/#key=k\n');
    expect(banner(options)).not.toContain('inspector');
  });

  it('shows with --auth how to create a token, and a HELLO with a token', () => {
    const options = {
      name: 'Stage',
      version: '1',
      securityMode: 'authenticated',
      addresses: [address],
      lan: [],
    } as const;
    const tries = (text: string): readonly string[] => text.split('\n').slice(-4, -1);
    expect(tries(banner(options))).toEqual([
      'try: npx clasp-router token create --scopes "admin:/**" --ttl 1h',
      '     and, with the printed token instead of TOKEN:',
      `     npx wscat -c ws://localhost:7330 -x '{"type":"hello","version":1,"name":"me","features":[],"token":"TOKEN"}'`,
    ]);
    expect(tries(banner({ ...options, dataDir: '/srv/clasp' }))[0]).toMatch(/ --ttl 1h --data-dir \/srv\/clasp$/);
    expect(tries(banner({ ...options, dataDir: '/my data' }))[0]).toMatch(/ --data-dir "\/my data"$/);
  });

  it('suggests no WebSocket command without a WebSocket listener', () => {
    const addresses = [{ transport: 'tcp', host: '127.0.0.1', port: 7333, url: 'tcp://127.0.0.1:7333' }];
    const text = banner({ name: 'Stage', version: '1', securityMode: 'open', addresses });
    expect(text).toContain('  tcp://127.0.0.1:7333\n');
    expect(text).not.toContain('wscat');
  });

  it('lists only the listening address if it is not a wildcard', () => {
    const local = { ...address, host: '127.0.0.1', url: 'ws://127.0.0.1:7330' };
    const text = banner({ name: 'Stage', version: '1', securityMode: 'open', addresses: [local], lan: ['10.0.0.5'] });
    expect(text).toContain('  ws://127.0.0.1:7330\n');
    expect(text).not.toContain('10.0.0.5');
  });
});
