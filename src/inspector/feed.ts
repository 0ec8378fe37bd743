/**
 * Messages of the WebSocket `/inspect/feed` between page and router: one JSON object per message. A page receives
 * only what it watches. Both sides import this file, so it contains types only.
 *
 * Values are written as in JSON messages of the protocol (src/protocol/encodings/json-value.ts): Floats as numbers,
 * Ints as {"$int": "5"}, bytes as {"$bytes": "AAE="}. Times are Unix milliseconds of the router's clock.
 */

/** Messages from the page. */
export type PageMessage =
  /** The first message to a router that requires tokens: a token whose scopes include `admin:/**`. */
  | { readonly type: 'authenticate'; readonly token: string }
  /** The first message to any other router: the key of the link that the router printed. */
  | { readonly type: 'unlock'; readonly key: string }
  /**
   * Starts a view: the router sends its whole content, then changes. Watching the same view again replaces its
   * content.
   */
  | { readonly type: 'watch'; readonly view: 'sessions' }
  | { readonly type: 'watch'; readonly view: 'actor'; readonly actor: string }
  | { readonly type: 'watch'; readonly view: 'signals'; readonly pattern: string }
  | { readonly type: 'watch'; readonly view: 'traffic'; readonly pattern: string }
  | { readonly type: 'watch'; readonly view: 'stately' }
  | { readonly type: 'unwatch'; readonly view: View }
  /** Writes a param or sends an event. The router answers with `done` and the same id. */
  | { readonly type: 'set'; readonly id: number; readonly address: string; readonly value: Json }
  | { readonly type: 'emit'; readonly id: number; readonly address: string; readonly value?: Json | undefined };

export type View = 'sessions' | 'actor' | 'signals' | 'traffic' | 'stately';

/** Messages from the router. */
export type FeedMessage =
  /**
   * First message; sent again after `authenticate` or `unlock`. While `needsToken` or `needsKey` is set, the router
   * answers nothing else.
   */
  | {
      readonly type: 'welcome';
      readonly router: string;
      readonly version: string;
      readonly needsToken: boolean;
      readonly needsKey: boolean;
      /** Whether `set` and `emit` are allowed. */
      readonly mayWrite: boolean;
      readonly nowMs: number;
      /** Charts of all machines, keyed by {@link ActorRow.machine}. */
      readonly charts: Readonly<Record<string, Chart>>;
    }
  /** A message was invalid or not allowed. The connection stays open unless the router closes it right after. */
  | { readonly type: 'refused'; readonly text: string }
  /** All actors except sessions: root, router, hub, listeners. Sent at the start and when an actor starts or stops. */
  | { readonly type: 'actors'; readonly actors: readonly ActorRow[] }
  /** Rows that are new or have changed since the last message, sent twice per second. `removed` lists ids. */
  | {
      readonly type: 'sessions';
      readonly nowMs: number;
      readonly total: number;
      /** Number of params in the router, for the top bar. */
      readonly params?: number | undefined;
      readonly rows: readonly SessionRow[];
      readonly removed: readonly string[];
    }
  /** The state of the watched actor. Sent at the start and at each of its transitions. */
  | { readonly type: 'actor'; readonly actor: ActorDetail }
  /** Params that are new or have changed. `removed` lists addresses. `isCut`: more params match than are sent. */
  | {
      readonly type: 'signals';
      /** The watched pattern. The page discards messages in flight that have the previous pattern. */
      readonly pattern?: string | undefined;
      readonly nowMs: number;
      readonly total: number;
      readonly isCut: boolean;
      readonly rows: readonly SignalRow[];
      readonly removed: readonly string[];
    }
  /**
   * Matching messages, in order. `seen` counts all matches since the last message; if there are too many, these lines
   * are a sample.
   */
  | {
      readonly type: 'traffic';
      /** As in `signals`. */
      readonly pattern?: string | undefined;
      readonly seen: number;
      readonly lines: readonly TrafficLine[];
    }
  /** Events in the protocol of the Stately inspector. The page passes them to its window unchanged. */
  | { readonly type: 'stately'; readonly events: readonly Json[] }
  | { readonly type: 'done'; readonly id: number; readonly error?: string | undefined };

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A machine, for drawing. */
export interface Chart {
  readonly name: string;
  /** Root node of the machine. */
  readonly root: ChartNode;
  readonly edges: readonly ChartEdge[];
}

export interface ChartNode {
  /** XState's id of the node: `session.active`. */
  readonly id: string;
  /** Last segment of the id: `active`. */
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly isInitial: boolean;
  /** Names of entry actions, exit actions and invoked actors. */
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly invokes: readonly string[];
  readonly children: readonly ChartNode[];
}

export interface ChartEdge {
  readonly id: string;
  readonly source: string;
  /** Equal to `source` for a transition that stays in its state. */
  readonly target: string;
  /** Display name of the event: `connection.lost`, `after 10 s`, `done`, `always`. */
  readonly label: string;
  readonly guard?: string | undefined;
  readonly actions: readonly string[];
}

export interface ActorRow {
  /** XState's session id: `x:3`. */
  readonly actor: string;
  readonly parent: string | undefined;
  /** Its system id, or else its id: `listener:1`. */
  readonly name: string;
  /** Key into the charts; undefined for an actor that is not a machine. */
  readonly machine: string | undefined;
  /** `active`, `done`, `error`, `stopped`. */
  readonly status: string;
  /** The state as one word, as in {@link ActorDetail.state}: `open.listening`. */
  readonly state: string;
}

export interface ActorDetail extends ActorRow {
  /** Ids of all active chart nodes. */
  readonly activeNodes: readonly string[];
  readonly sinceMs: number;
  /** Context of the actor, without secrets, functions and oversized values. */
  readonly context: Json;
  /** Most recent transitions, oldest first. */
  readonly transitions: readonly Transition[];
}

export interface Transition {
  readonly atMs: number;
  /** Event type, and the event data without secrets. */
  readonly event: string;
  readonly detail: Json;
  /** States as one word each, as in {@link ActorRow.state}. Equal if the state did not change. */
  readonly from: string;
  readonly to: string;
}

export interface SessionRow {
  readonly id: string;
  /** XState's session id of the session's machine, for `watch`. */
  readonly actor: string;
  readonly name: string;
  readonly transport: string;
  readonly remoteAddress: string;
  readonly subject?: string | undefined;
  readonly state: string;
  readonly sinceMs: number;
  readonly openedMs: number;
  readonly subscriptions: number;
  /** Messages per second, averaged over about one second. */
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes queued for the session, in its socket and in the router. */
  readonly queueBytes: number;
  readonly dropped: number;
  readonly lastError?: { readonly code: number; readonly text: string; readonly atMs: number } | undefined;
}

export interface SignalRow {
  readonly address: string;
  /** Undefined if the value is too large or hidden. */
  readonly value?: Json | undefined;
  /** The value is a secret, by a segment of its address or by its form. The router does not send it. */
  readonly isHidden?: true | undefined;
  /** `float`, `int`, `bool`, `string`, `bytes`, `list`, `map`, `null`. */
  readonly kind: string;
  readonly byteLength: number;
  readonly revision: number;
  /** Name of the session that wrote the param last, or its id if the session has ended. */
  readonly writer: string;
  readonly writtenMs: number;
  /** Name of the session that holds the lock. */
  readonly lockedBy?: string | undefined;
  readonly expiresMs?: number | undefined;
  readonly subscribers: number;
}

export interface TrafficLine {
  readonly atMs: number;
  /** Name of the sender, or its id. */
  readonly from: string;
  /** `set`, `event`, `stream`, `gesture`, `timeline`, `bundle`. */
  readonly kind: string;
  /** Address and value of the message. For a bundle: of its first message that matches. */
  readonly address: string;
  readonly value?: Json | undefined;
  /** For a bundle: the number of its other messages. */
  readonly more?: number | undefined;
  /** Short notes: gesture phase and id, lock, TTL, bundle size. */
  readonly note?: string | undefined;
}
