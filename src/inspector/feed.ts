/**
 * What the page and the router say to each other over the WebSocket `/inspect/feed`: one JSON object a message. The page is sent only
 * what it watches. Both sides import this file, so it holds types alone.
 *
 * Values are written as in JSON messages of the protocol (src/protocol/encodings/json-value.ts): Floats as numbers, Ints as
 * {"$int": "5"}, bytes as {"$bytes": "AAE="}. Times are Unix milliseconds of the router's clock.
 */

/** What the page asks for. */
export type PageMessage =
  /** The first message on a router that asks for tokens: a token whose scopes include `admin:/**`. */
  | { readonly type: 'authenticate'; readonly token: string }
  /** The first message on any other: the key of the link that the router printed. */
  | { readonly type: 'unlock'; readonly key: string }
  /** From now on, send what this view shows: all of it first, then what changes. The same view again replaces what it showed. */
  | { readonly type: 'watch'; readonly view: 'sessions' }
  | { readonly type: 'watch'; readonly view: 'actor'; readonly actor: string }
  | { readonly type: 'watch'; readonly view: 'signals'; readonly pattern: string }
  | { readonly type: 'watch'; readonly view: 'traffic'; readonly pattern: string }
  | { readonly type: 'watch'; readonly view: 'stately' }
  | { readonly type: 'unwatch'; readonly view: View }
  /** Writes a param, or fires an event; answered by `done` with the same id. */
  | { readonly type: 'set'; readonly id: number; readonly address: string; readonly value: Json }
  | { readonly type: 'emit'; readonly id: number; readonly address: string; readonly value?: Json | undefined };

export type View = 'sessions' | 'actor' | 'signals' | 'traffic' | 'stately';

/** What the router tells. */
export type FeedMessage =
  /** First of all; again after `authenticate` or `unlock`. While `needsToken` or `needsKey` nothing else is answered. */
  | {
      readonly type: 'welcome';
      readonly router: string;
      readonly version: string;
      readonly needsToken: boolean;
      readonly needsKey: boolean;
      /** Whether `set` and `emit` are allowed. */
      readonly mayWrite: boolean;
      readonly nowMs: number;
      /** The machines there are, by the name their actors carry in {@link ActorRow.machine}. */
      readonly charts: Readonly<Record<string, Chart>>;
    }
  /** A message was not understood or not allowed; the connection stays open unless it is closed right after. */
  | { readonly type: 'refused'; readonly text: string }
  /** All actors that are no sessions: root, router, hub, doors. Sent at the beginning and when there is another or one less. */
  | { readonly type: 'actors'; readonly actors: readonly ActorRow[] }
  /** Rows that are new or have changed since the last time, twice a second; `gone` are ids. */
  | {
      readonly type: 'sessions';
      readonly nowMs: number;
      readonly total: number;
      /** Params the router keeps now, for the bar above all views. */
      readonly params?: number | undefined;
      readonly rows: readonly SessionRow[];
      readonly gone: readonly string[];
    }
  /** The actor that is watched: how it is now. Sent at the beginning and with every transition of its. */
  | { readonly type: 'actor'; readonly actor: ActorDetail }
  /** Params that are new or have changed; `gone` are addresses. `isCut`: more match than are shown. */
  | {
      readonly type: 'signals';
      /** The pattern that was watched when this was written: what is under way when it changes must not be taken for the new one's. */
      readonly pattern?: string | undefined;
      readonly nowMs: number;
      readonly total: number;
      readonly isCut: boolean;
      readonly rows: readonly SignalRow[];
      readonly gone: readonly string[];
    }
  /** Messages that match, in order; of `seen` since the last time these were picked when there were too many. */
  | {
      readonly type: 'traffic';
      /** As in `signals`. */
      readonly pattern?: string | undefined;
      readonly seen: number;
      readonly lines: readonly TrafficLine[];
    }
  /** For the Stately inspector: events of its own protocol, to be handed to its window as they are. */
  | { readonly type: 'stately'; readonly events: readonly Json[] }
  | { readonly type: 'done'; readonly id: number; readonly error?: string | undefined };

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A machine as it is drawn. */
export interface Chart {
  readonly name: string;
  /** The root node of the machine. */
  readonly root: ChartNode;
  readonly edges: readonly ChartEdge[];
}

export interface ChartNode {
  /** XState's id of the node: `session.active`. */
  readonly id: string;
  /** Its last name: `active`. */
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly isInitial: boolean;
  /** Names of what is done on the way in and out, and of the actors that run meanwhile. */
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly invokes: readonly string[];
  readonly children: readonly ChartNode[];
}

export interface ChartEdge {
  readonly id: string;
  readonly source: string;
  /** The same as `source` for a transition that stays. */
  readonly target: string;
  /** The event, as people write it: `connection.lost`, `after 10 s`, `done`, `always`. */
  readonly label: string;
  readonly guard?: string | undefined;
  readonly actions: readonly string[];
}

export interface ActorRow {
  /** XState's session id: `x:3`. */
  readonly actor: string;
  readonly parent: string | undefined;
  /** Its system id or its id: `listener:1`. */
  readonly name: string;
  /** Key into the charts; undefined for what is no machine. */
  readonly machine: string | undefined;
  /** `active`, `done`, `error`, `stopped`. */
  readonly status: string;
  /** As {@link ActorDetail.state}, in one word: `open.listening`. */
  readonly state: string;
}

export interface ActorDetail extends ActorRow {
  /** Ids of all chart nodes that are active. */
  readonly activeNodes: readonly string[];
  readonly sinceMs: number;
  /** What it knows, without secrets, functions and what is too large. */
  readonly context: Json;
  /** The last ones, the newest last. */
  readonly transitions: readonly Transition[];
}

export interface Transition {
  readonly atMs: number;
  /** Type of the event, and what it said, without secrets. */
  readonly event: string;
  readonly detail: Json;
  /** In one word each, as {@link ActorRow.state}; the same where nothing moved. */
  readonly from: string;
  readonly to: string;
}

export interface SessionRow {
  readonly id: string;
  /** XState's session id of its machine, for `watch`. */
  readonly actor: string;
  readonly name: string;
  readonly transport: string;
  readonly remoteAddress: string;
  readonly subject?: string | undefined;
  readonly state: string;
  readonly sinceMs: number;
  readonly openedMs: number;
  readonly subscriptions: number;
  /** A second, over the last second or so. */
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes that wait for it: in its socket and behind it. */
  readonly queueBytes: number;
  readonly dropped: number;
  readonly lastError?: { readonly code: number; readonly text: string; readonly atMs: number } | undefined;
}

export interface SignalRow {
  readonly address: string;
  /** Undefined where it is too large to be shown, or hidden. */
  readonly value?: Json | undefined;
  /** The value is a secret, by a segment of the address or by its form, and stays at the router. */
  readonly isHidden?: true | undefined;
  /** `float`, `int`, `bool`, `string`, `bytes`, `list`, `map`, `null`. */
  readonly kind: string;
  readonly byteLength: number;
  readonly revision: number;
  /** Name of the session that wrote it last, or its id where that has gone. */
  readonly writer: string;
  readonly writtenMs: number;
  /** Name of the session that has locked it. */
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
  /** With the value, of a bundle those of the first message in it that matches. */
  readonly address: string;
  readonly value?: Json | undefined;
  /** Of a bundle: how many messages it holds beside that one. */
  readonly more?: number | undefined;
  /** Gesture phase and id, lock, TTL, what a bundle holds and such, in a few words. */
  readonly note?: string | undefined;
}
