import { syncModes } from '../journal/params/persist-rules.js';
import { flag } from './flag-values.js';

const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;

/** Flags that only the command has, by topic and setting. The options of the router have flags too. */
export const runFlags = {
  Listeners: {
    port: flag.port({ short: 'p', fallback: 7330, help: 'port for WebSocket connections; 0 selects a free one' }),
    host: flag.text({
      value: 'HOST',
      fallback: '0.0.0.0',
      maxLength: 255,
      help: 'address or host name to listen on; 127.0.0.1 permits only this computer',
    }),
    tcpPort: flag.optionalPort({ help: 'port for TCP connections, with a length before each frame' }),
    udpPort: flag.optionalPort({ help: 'port for UDP datagrams, one frame each' }),
    quicPort: flag.optionalPort({ help: 'UDP port for QUIC connections, usually 7331' }),
    quicDatagrams: flag.on({ help: 'sends streams and gesture moves in datagrams to clients that request it' }),
    pipePath: flag.optionalText({
      name: 'pipe',
      value: 'PATH',
      help: 'Unix socket, or Windows pipe, for programs on this computer',
    }),
    /** Whether the WebSocket port is open. The other listeners are off by default. */
    websocket: flag.notOff({ name: 'no-websocket', help: 'does not open the WebSocket port' }),
  },
  'TLS and web pages': {
    /** Whether the WebSocket and TCP ports are encrypted. */
    tls: flag.on({ help: 'encrypts the WebSocket and TCP ports, with --cert or a self-signed certificate' }),
    certPath: flag.optionalText({ name: 'cert', value: 'FILE', help: 'PEM certificate, with --key; implies --tls' }),
    keyPath: flag.optionalText({ name: 'key', value: 'FILE', help: 'PEM private key of --cert' }),
    dataDir: flag.optionalText({
      value: 'DIR',
      help: 'folder of the certificate and tokens of the router; off is the default folder',
    }),
    /** Origins of web pages that can connect, in addition to those of the same host. */
    allowedOrigins: flag.list({
      name: 'allow-origin',
      value: 'ORIGIN',
      help: 'origins of other web pages that can connect: https://show.example, null, *; separated by commas',
    }),
    /** Host names that requests and pages of the same host can use, in addition to the router's own. */
    allowHosts: flag.list({
      name: 'allow-host',
      value: 'NAME',
      help: 'further host names for HTTP requests and web pages: show.example.org; * allows all; separated by commas',
    }),
    trustedProxies: flag.list({
      name: 'trust-proxy',
      value: 'ADDRESS',
      help: 'reverse proxies whose X-Forwarded-For or Forwarded is trusted: 127.0.0.1, 10.0.0.0/8; separated by commas',
    }),
    /** Folders that the WebSocket port serves. */
    staticFolders: flag.list({
      name: 'static',
      value: 'DIR',
      help: 'serves the files of a folder on the WebSocket port; separated by commas',
    }),
  },
  'Params on disk': {
    /** Whether the user relies on the store: without it, the router does not start. */
    needsPersist: flag.on({
      name: 'persist',
      help: 'stores params on disk, as it does by default, and does not start if it cannot',
    }),
    /** Whether params are stored on disk. */
    persist: flag.notOff({ name: 'no-persist', help: 'keeps params in memory only' }),
    persistSync: flag.choice({
      value: 'MODE',
      values: syncModes,
      fallback: 'interval',
      help: 'when writes reach the disk: whenever the system likes, at each interval, or before their ACK: ',
    }),
    persistIntervalSeconds: flag.number({
      name: 'persist-interval',
      value: 'SECONDS',
      fallback: 1,
      min: 0.1,
      max: 3_600,
      help: 'time between two writes to the disk; 5 is good for SD cards',
    }),
    persistOnly: flag.list({
      value: 'PATTERN',
      help: 'stores only the params of these patterns: /lights/**; separated by commas',
    }),
    persistExcept: flag.list({ value: 'PATTERN', help: 'does not store the params of these patterns' }),
    instance: flag.optionalText({
      value: 'NAME',
      help: 'name of the store in the data folder; off is the number of --port',
    }),
  },
  Tokens: {
    auth: flag.on({ help: 'requires a token from each client; clasp-router token create makes one' }),
    jwtSecretPath: flag.optionalText({
      name: 'jwt-secret',
      value: 'FILE',
      help: 'with --auth: accepts JWTs signed with this secret (HS256)',
    }),
    jwtKeyPath: flag.optionalText({
      name: 'jwt-key',
      value: 'FILE',
      help: 'with --auth: accepts JWTs of this public key (EdDSA, PEM)',
    }),
    jwksPath: flag.optionalText({
      name: 'jwks',
      value: 'FILE',
      help: 'with --auth: accepts JWTs of the public keys in this JWKS (EdDSA)',
    }),
    jwtIssuer: flag.optionalText({ value: 'TEXT', help: 'required issuer of a JWT (iss)' }),
    jwtAudience: flag.optionalText({ value: 'TEXT', help: 'required audience of a JWT (aud)' }),
    trustAnchorPaths: flag.list({
      name: 'trust-anchor',
      value: 'FILE',
      help: 'with --auth: accepts capability tokens of this public key; separated by commas',
    }),
  },
  Observation: {
    /** A separate port for health and metrics. */
    healthPort: flag.optionalPort({ help: 'separate port for /healthz, /readyz and /metrics' }),
    healthHost: flag.text({
      value: 'HOST',
      fallback: '127.0.0.1',
      maxLength: 255,
      help: 'address of the health port',
    }),
    metrics: flag.on({ help: 'serves /metrics on the WebSocket port too; every client can read it there' }),
    inspect: flag.on({
      help: 'serves a page at /inspect with sessions, signals and messages, to this computer only; prints its link with a key',
    }),
    inspectRemote: flag.on({ help: 'serves it to other computers too, by address; add --auth on a shared network' }),
    inspectRelayUrl: flag.optionalText({
      name: 'inspect-ws',
      value: 'URL',
      help: 'sends events to the relay of the Stately inspector: ws://localhost:8080',
    }),
    logLevel: flag.choice({ value: 'LEVEL', values: logLevels, fallback: 'info', help: '' }),
    jsonLog: flag.on({ help: 'logs one JSON object per line' }),
  },
};
