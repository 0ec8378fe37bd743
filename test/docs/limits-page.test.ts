import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { MAX_ERROR_TEXT_BYTES } from '../../src/core/delivery/replies.js';
import { MAX_DEFINITION_BYTES, MAX_SET_BYTES } from '../../src/core/size-limits.js';
import { memoryShares } from '../../src/router/memory-budget.js';
import { parseRouterOptions } from '../../src/router/options.js';
import { MAX_JSON_TEXT, MAX_ROUTER_JSON_TEXT } from '../../src/protocol/encodings/json.js';
import {
  MAX_ADDRESS_BYTES,
  MAX_BUNDLE_DEPTH,
  MAX_FRAME_BYTES,
  MAX_NAME_BYTES,
  MAX_PAYLOAD_BYTES,
  MAX_SEGMENTS,
  MAX_VALUE_DEPTH,
} from '../../src/protocol/limits.js';
import { listenLimits } from '../../src/net/listen-limits.js';
import * as tcpDefaults from '../../src/transports/tcp/constants.js';
import { defaults as udpDefaults } from '../../src/transports/udp/constants.js';
import * as webSocketDefaults from '../../src/transports/websocket/constants.js';
import { httpLimits } from '../../src/http/limits.js';

const page = readFileSync('docs/reference/limits.md', 'utf8');

/** Options of a section by their documented default. */
const documentedIn = (heading: string): ReadonlyMap<string, number> => {
  const from = page.indexOf(`\n## ${heading}`);
  const section = page.slice(from, page.indexOf('\n## ', from + 1));
  return new Map(
    [...section.matchAll(/^\| `(\w+)` \| ([\d,]+)/gm)].map(([, name = '', number = '']) => [
      name,
      Number(number.replaceAll(',', '')),
    ]),
  );
};

/** Whether an option is a limit. */
const isLimit = (name: string): boolean =>
  /^max|TimeoutSeconds$|^highWaterBytes$/.test(name) && !['maxRate'].includes(name);

/** Whether the default depends on the memory of the computer. */
const isShare = (name: string): boolean => name === 'maxMemoryBytes' || memoryShares.has(name);

describe('docs/reference/limits.md', () => {
  it('lists every limit of the router with its default, and no other', () => {
    const limits = Object.entries(parseRouterOptions()).filter(([name]) => isLimit(name) && !isShare(name));
    const sorted = (entries: Iterable<readonly [string, unknown]>): unknown =>
      Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(sorted([...documentedIn('Of the router')].filter(([name]) => isLimit(name)))).toEqual(sorted(limits));
  });

  it.each([
    ['maxParamBytes', 'half'],
    ['maxPacedBytes', 'a sixteenth'],
    ['maxTimelineBytes', 'a 64th'],
    ['maxSubscriptionBytes', 'a sixteenth'],
    ['maxSendBufferBytes', 'a sixteenth'],
    ['maxQueryBytes', 'a 64th'],
  ] as const)('states which share of maxMemoryBytes %s is', (name, share) => {
    const parts = { half: 2, 'a sixteenth': 16, 'a 64th': 64 };
    expect(page).toContain(`| \`${name}\` | ${share} of \`maxMemoryBytes\` |`);
    expect(parseRouterOptions({ maxMemoryBytes: 64_000_000 })[name]).toBe(64_000_000 / parts[share]);
  });

  it('lists the limits of the listeners', () => {
    const webSocket = Object.fromEntries(documentedIn('Of the WebSocket port'));
    const pings = { pingIntervalMs: webSocketDefaults.DEFAULT_PING_INTERVAL_MS };
    expect(webSocket).toEqual({ ...httpLimits({}), ...pings, maxFrameBytes: MAX_FRAME_BYTES });
    const { DEFAULT_PING_INTERVAL_MS: pingIntervalMs, DEFAULT_STALL_MS: stallMs } = tcpDefaults;
    const ofTcp = { ...listenLimits({}), maxFrameBytes: MAX_FRAME_BYTES, pingIntervalMs, stallMs };
    expect(Object.fromEntries(documentedIn('Of TCP'))).toEqual(ofTcp);
    const { port, host, ...limits } = udpDefaults;
    expect([port, host]).toEqual([7330, '0.0.0.0']);
    expect(Object.fromEntries(documentedIn('Of UDP'))).toEqual(limits);
  });

  it('lists the limits of messages', () => {
    const grouped = (number: number): string => number.toLocaleString('en-US');
    for (const text of [
      `| ${grouped(MAX_PAYLOAD_BYTES)} bytes |`,
      `| ${grouped(MAX_ADDRESS_BYTES)} bytes, ${MAX_SEGMENTS} segments |`,
      `| ${MAX_NAME_BYTES} bytes |`,
      `| JSON text of a peer | ${grouped(MAX_JSON_TEXT)} bytes |`,
      `| JSON text of the router | ${grouped(MAX_ROUTER_JSON_TEXT)} bytes |`,
      `| SET: address and value | ${grouped(MAX_SET_BYTES)} bytes |`,
      `| PUBLISH: payload in compact binary | ${grouped(MAX_PAYLOAD_BYTES)} bytes |`,
      `| Announced signal: texts and default | ${grouped(MAX_DEFINITION_BYTES)} bytes |`,
      `| Text of an ERROR | ${grouped(MAX_ERROR_TEXT_BYTES)} bytes |`,
      `| ${MAX_VALUE_DEPTH} levels |`,
      `| ${MAX_BUNDLE_DEPTH} levels |`,
    ]) {
      expect(page).toContain(text);
    }
  });

  it('states the default of routers with authentication too', () => {
    expect(parseRouterOptions({ securityMode: 'authenticated' }).maxMessagesPerSecond).toBe(100_000);
    expect(page).toContain('`maxMessagesPerSecond` | 0 (with tokens: 100,000)');
  });
});
