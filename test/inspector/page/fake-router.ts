import type {
  ActorDetail,
  ActorRow,
  Chart,
  ChartEdge,
  ChartNode,
  FeedMessage,
  PageMessage,
  SessionRow,
  SignalRow,
} from '../../../src/inspector/feed.js';

/** Fixed time of the fake router. */
export const NOW_MS = 1_790_000_000_000;

function node(id: string, rest: Partial<ChartNode> = {}): ChartNode {
  const key = id.split('.').at(-1) ?? id;
  return { id, key, type: 'atomic', isInitial: false, entry: [], exit: [], invokes: [], children: [], ...rest };
}

function edges(list: readonly (readonly [string, string, string, ...string[]])[]): readonly ChartEdge[] {
  return list.map(([source, target, label, ...actions], index) => ({
    id: String(index),
    source,
    target,
    label,
    actions,
  }));
}

/** Chart of the router's session machine. */
export const sessionChart: Chart = {
  name: 'session',
  root: node('session', {
    type: 'compound',
    children: [
      node('session.connecting', { isInitial: true, entry: ['enterPhase'] }),
      node('session.awaitingHello', { entry: ['enterPhase'] }),
      node('session.authenticating', { entry: ['enterPhase'], invokes: ['authenticate'] }),
      node('session.active', { entry: ['enterPhase'] }),
      node('session.congested', { entry: ['enterPhase'] }),
      node('session.draining', { entry: ['enterPhase', 'sendCloseReason'] }),
      node('session.closed', { type: 'final', entry: ['enterPhase'] }),
    ],
  }),
  edges: edges([
    ['session', 'session.draining', 'end.*', 'keepCause'],
    ['session', 'session.closed', 'connection.closed', 'keepCause'],
    ['session', 'session.closed', 'connection.lost', 'keepCause'],
    ['session.connecting', 'session.awaitingHello', 'connection.admitted'],
    ['session.connecting', 'session.draining', 'connection.refused', 'keepCause'],
    ['session.awaitingHello', 'session.active', 'hello.accepted', 'keepHello', 'reportEstablished'],
    ['session.awaitingHello', 'session.authenticating', 'hello.received', 'keepHello'],
    ['session.awaitingHello', 'session.draining', 'hello.refused', 'keepCause'],
    ['session.awaitingHello', 'session.draining', 'after 10 s', 'blameSilence'],
    ['session.authenticating', 'session.active', 'done: authenticate', 'keepGrant', 'reportEstablished', 'passGrant'],
    ['session.authenticating', 'session.draining', 'error: authenticate', 'blameToken'],
    ['session.authenticating', 'session.draining', 'hello.refused', 'keepCause'],
    ['session.authenticating', 'session.draining', 'after 10 s', 'blameAuthenticator'],
    ['session.active', 'session.congested', 'connection.congested', 'countCongestion'],
    ['session.congested', 'session.congested', 'connection.congested', 'noteCongestion'],
    ['session.congested', 'session.congested', 'messages.dropped', 'noteCongestion'],
    ['session.congested', 'session.active', 'connection.drained', 'noteCongestion'],
    ['session.draining', 'session.closed', 'connection.closed'],
    ['session.draining', 'session.closed', 'connection.lost'],
    ['session.draining', 'session.closed', 'after 5 s', 'dropConnection'],
  ]),
};

/** Chart of the router's root machine, which has parallel regions. */
export const rootChart: Chart = {
  name: 'root',
  root: node('root', {
    type: 'compound',
    invokes: ['router', 'sessions'],
    children: [
      node('root.running', { isInitial: true }),
      node('root.draining', {
        type: 'parallel',
        entry: ['closeListeners', 'drainSessions'],
        children: ['doors', 'sessions'].map((region) =>
          node(`root.draining.${region}`, {
            type: 'compound',
            children: [
              node(`root.draining.${region}.open`, { isInitial: true }),
              node(`root.draining.${region}.shut`, { type: 'final' }),
            ],
          }),
        ),
      }),
      node('root.stopped', { type: 'final' }),
    ],
  }),
  edges: edges([
    ['root.running', 'root.draining', 'router.stopping'],
    ['root.draining.doors.open', 'root.draining.doors.shut', 'always'],
    ['root.draining.sessions.open', 'root.draining.sessions.shut', 'sessions.drained'],
    ['root.draining', 'root.stopped', 'done'],
    ['root.draining', 'root.stopped', 'after drainLimit'],
  ]),
};

/** Chart of the router's listener machine, which has nested states. */
export const listenerChart: Chart = {
  name: 'listener',
  root: node('listener', {
    type: 'compound',
    children: [
      node('listener.binding', { isInitial: true, invokes: ['bind'] }),
      node('listener.open', {
        type: 'compound',
        invokes: ['acceptor'],
        exit: ['forgetListener'],
        children: [
          node('listener.open.listening', { isInitial: true, entry: ['logListening'] }),
          node('listener.open.closing', { entry: ['stopListening'] }),
        ],
      }),
      node('listener.backingOff', { entry: ['logFault'] }),
      node('listener.closed', { type: 'final' }),
      node('listener.failed', { type: 'final' }),
    ],
  }),
  edges: edges([
    ['listener.binding', 'listener.open', 'done', 'keepListener'],
    ['listener.binding', 'listener.backingOff', 'error', 'countFault'],
    ['listener.binding', 'listener.failed', 'error', 'countFault'],
    ['listener.open', 'listener.closed', 'listener.stopped'],
    ['listener.open.listening', 'listener.open.closing', 'listener.closing'],
    ['listener.open.listening', 'listener.backingOff', 'listener.failed', 'countFault'],
    ['listener.open.closing', 'listener.closed', 'listener.failed'],
    ['listener.backingOff', 'listener.closed', 'listener.closing'],
    ['listener.backingOff', 'listener.binding', 'after backoff'],
  ]),
};

export const actors: readonly ActorRow[] = [
  { actor: 'x:0', parent: undefined, name: 'root', machine: 'root', status: 'active', state: 'running' },
  { actor: 'x:1', parent: 'x:0', name: 'router', machine: undefined, status: 'active', state: '' },
  { actor: 'x:2', parent: 'x:0', name: 'listener:1', machine: 'listener', status: 'active', state: 'open.listening' },
];

const names = [
  'Light desk',
  'FOH tablet',
  'Visuals A',
  'Visuals B',
  'Sound desk',
  'Floor sensor',
  'QLab bridge',
  'Stage left phone',
  'Stage right phone',
  'Haze controller',
  'Timecode',
  'Follow spot',
];
const transports = ['websocket', 'websocket', 'quic', 'udp', 'tcp'];

/** Returns a session in one of the first states; some have errors. */
export function session(index: number, rest: Partial<SessionRow> = {}): SessionRow {
  const states = ['active', 'active', 'active', 'congested', 'active', 'awaitingHello', 'active', 'draining'];
  const state = states[index % states.length] ?? 'active';
  return {
    id: `s${index}`,
    actor: `x:${100 + index}`,
    name: index < names.length ? (names[index] ?? '') : `Client ${index}`,
    transport: transports[index % transports.length] ?? 'tcp',
    remoteAddress: `192.168.1.${(index % 200) + 20}:${50_000 + index}`,
    state,
    sinceMs: NOW_MS - index * 7_000,
    openedMs: NOW_MS - index * 9_000,
    subscriptions: index % 5,
    messagesIn: (index * 37) % 900,
    messagesOut: (index * 211) % 14_000,
    bytesIn: (index * 37 * 40) % 36_000,
    bytesOut: (index * 211 * 40) % 560_000,
    queueBytes: state === 'congested' ? 1_480_000 : 0,
    dropped: state === 'congested' ? 214 : 0,
    ...(state === 'draining'
      ? { lastError: { code: 301, text: 'The token has expired', atMs: NOW_MS - 2_000 } }
      : state === 'congested'
        ? { lastError: { code: 503, text: '214 messages were dropped', atMs: NOW_MS - 4_000 } }
        : {}),
    ...rest,
  };
}

export function sessionsMessage(count: number): Extract<FeedMessage, { type: 'sessions' }> {
  const rows = Array.from({ length: count }, (_, index) => session(index));
  return { type: 'sessions', nowMs: NOW_MS, total: count, params: 60, rows, removed: [] };
}

export function detail(row: SessionRow, rest: Partial<ActorDetail> = {}): ActorDetail {
  const isCongested = row.state === 'congested';
  return {
    actor: row.actor,
    parent: 'x:3',
    name: `session:${row.id}`,
    machine: 'session',
    status: 'active',
    state: row.state,
    activeNodes: ['session', `session.${row.state}`],
    sinceMs: row.sinceMs,
    context: {
      id: row.id,
      name: row.name,
      features: ['param', 'event', 'stream'],
      congestion: { times: isCongested ? 3 : 0, bufferedBytes: row.queueBytes, dropped: row.dropped },
      ...(row.state === 'draining' ? { end: { kind: 'unauthorized', text: 'The token has expired' } } : {}),
    },
    transitions: [
      { atMs: NOW_MS - 60_000, event: 'connection.admitted', detail: null, from: 'connecting', to: 'awaitingHello' },
      {
        atMs: NOW_MS - 59_950,
        event: 'hello.accepted',
        detail: { name: row.name, features: ['param', 'event'] },
        from: 'awaitingHello',
        to: 'active',
      },
      ...(row.state === 'active'
        ? []
        : [
            {
              atMs: NOW_MS - 4_000,
              event: 'connection.congested',
              detail: { bufferedBytes: 1_200_000 },
              from: 'active',
              to: row.state,
            },
          ]),
    ],
    ...rest,
  };
}

/** A listener that is open. */
export const door: ActorDetail = {
  ...actors[2]!,
  activeNodes: ['listener', 'listener.open', 'listener.open.listening'],
  sinceMs: NOW_MS - 3_600_000,
  context: { transport: 'websocket', addresses: ['127.0.0.1:7330'], faults: 0 },
  transitions: [{ atMs: NOW_MS, event: 'xstate.done.actor.bind', detail: null, from: 'binding', to: 'open.listening' }],
};

export function signal(address: string, rest: Partial<SignalRow> = {}): SignalRow {
  return {
    address,
    value: 0.5,
    kind: 'float',
    byteLength: 8,
    revision: 12,
    writer: 'Light desk',
    writtenMs: NOW_MS - 1_000,
    subscribers: 3,
    ...rest,
  };
}

/** Returns sixty params of a small show. */
export function signals(tick = 0): readonly SignalRow[] {
  const wave = (index: number): number => 0.5 + 0.5 * Math.sin(tick / 4 + index);
  const lights = Array.from({ length: 16 }, (_, index) => [
    signal(`/lights/${index + 1}/dim`, { value: wave(index), revision: 100 + tick }),
    signal(`/lights/${index + 1}/colour`, { value: '#ffaa33', kind: 'string', writer: 'Visuals A' }),
    signal(`/lights/${index + 1}/on`, { value: index % 3 > 0, kind: 'bool' }),
  ]).flat();
  return [
    ...lights,
    signal('/audio/master/level', { value: wave(3), lockedBy: 'Sound desk', writer: 'Sound desk' }),
    signal('/audio/master/gain', { value: -6 + wave(1) * 3, writer: 'Sound desk' }),
    signal('/cue/current', { value: { $int: String(40 + tick) }, kind: 'int', writer: 'QLab bridge', subscribers: 9 }),
    signal('/cue/name', { value: 'Act 2, rain', kind: 'string', writer: 'QLab bridge' }),
    signal('/sensors/floor/1', { value: wave(9), writer: 'Floor sensor', expiresMs: NOW_MS + 20_000 }),
    signal('/sensors/floor/2', { value: wave(7), writer: 'Floor sensor', expiresMs: NOW_MS + 20_000 }),
    signal('/stage/size', { value: [12, 8.5], kind: 'list', writer: 'FOH tablet' }),
    signal('/stage/haze', { value: { level: 0.3, fan: 0.8 }, kind: 'map', writer: 'Haze controller' }),
    signal('/visuals/clip', { value: { $int: '7' }, kind: 'int', writer: 'Visuals B' }),
    signal('/visuals/key', { value: { $bytes: 'AAECAw==' }, kind: 'bytes', writer: 'Visuals B' }),
    signal('/visuals/speed', { value: 1.25, writer: 'Visuals B' }),
    signal('/visuals/mask', { value: null, kind: 'null', writer: 'Visuals B' }),
  ];
}

export function signalsMessage(rows: readonly SignalRow[], nowMs = NOW_MS): Extract<FeedMessage, { type: 'signals' }> {
  return { type: 'signals', nowMs, total: rows.length, isCut: false, rows, removed: [] };
}

const kinds = ['set', 'set', 'set', 'stream', 'event', 'gesture', 'set', 'bundle', 'timeline'];

export function trafficMessage(tick: number, count = 8, seen = count): Extract<FeedMessage, { type: 'traffic' }> {
  const lines = Array.from({ length: count }, (_, index) => {
    const kind = kinds[(tick + index) % kinds.length] ?? 'set';
    return {
      atMs: NOW_MS + tick * 50 + index,
      from: names[(tick * 3 + index) % names.length] ?? '',
      kind,
      address: kind === 'event' ? '/cue/go' : `/lights/${((tick + index) % 16) + 1}/dim`,
      value: ((tick * 7 + index * 13) % 100) / 100,
      ...(kind === 'gesture' ? { note: 'move 4' } : {}),
      ...(kind === 'bundle' ? { more: 11, note: '11 set, 1 event' } : {}),
    };
  });
  return { type: 'traffic', seen, lines };
}

export const welcome: Extract<FeedMessage, { type: 'welcome' }> = {
  type: 'welcome',
  router: 'Main stage',
  version: '0.1.0',
  needsToken: false,
  needsKey: false,
  mayWrite: true,
  nowMs: NOW_MS,
  charts: { root: rootChart, session: sessionChart, listener: listenerChart },
};

/** Returns the answers of a router with the given number of sessions. */
export function answers(sessions: number): (message: PageMessage) => readonly FeedMessage[] {
  const known = sessionsMessage(sessions);
  return (message) => {
    switch (message.type) {
      case 'set':
      case 'emit':
        return [{ type: 'done', id: message.id }];
      case 'watch':
        switch (message.view) {
          case 'sessions':
            return [known];
          case 'actor': {
            const row = known.rows.find(({ actor }) => actor === message.actor);
            return row === undefined
              ? message.actor === door.actor
                ? [{ type: 'actor', actor: door }]
                : []
              : [{ type: 'actor', actor: detail(row) }];
          }
          case 'signals':
            return [signalsMessage(signals())];
          case 'traffic':
            return [trafficMessage(0)];
          case 'stately':
            return [{ type: 'stately', events: [{ type: '@xstate.actor', name: 'root' }] }];
        }
        break;
      case 'authenticate':
      case 'unlock':
      case 'unwatch':
        return [];
    }
  };
}
