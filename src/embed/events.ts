import type { SessionEnd } from '../core/session-events.js';
import { primitivesOf, summarized } from '../actors/summarized.js';
import type {
  BundleItem,
  BundleOptions,
  OnOptions,
  ParamSignal,
  PlainValue,
  PublishOptions,
  SetOptions,
  Signal,
} from '../client/index.js';
import type { SignalType } from '../protocol/enumerations.js';
import type { Transport } from '../transports/transport.js';
import type { ListenAddress } from '../net/listen-address.js';
import { jsonOfSignal } from './event-json.js';

/** What a router inside an actor system is asked to do with signals and doors. None of these is a transition of its machine. */
export type ClaspRequest =
  /** Writes a param. */
  | {
      readonly type: 'clasp.set';
      readonly address: string;
      readonly value: PlainValue;
      readonly options?: SetOptions | undefined;
    }
  /** Sends an event. */
  | {
      readonly type: 'clasp.emit';
      readonly address: string;
      readonly value?: PlainValue | undefined;
      readonly options?: PublishOptions | undefined;
    }
  /** Sends a signal of any kind. */
  | { readonly type: 'clasp.publish'; readonly signal: BundleItem }
  /** Sends several that take effect together: all of them, or none. */
  | {
      readonly type: 'clasp.bundle';
      readonly items: readonly BundleItem[];
      readonly options?: BundleOptions | undefined;
    }
  /** Wants to hear of a pattern from now on. Another one with the same id takes its place. */
  | {
      readonly type: 'clasp.subscribe';
      readonly pattern: string;
      readonly options?: OnOptions | undefined;
      /** What `clasp.unsubscribe` names. @default the pattern */
      readonly id?: string | undefined;
    }
  /** `id`: of the subscription, which is its pattern where it was given no other. */
  | { readonly type: 'clasp.unsubscribe'; readonly id: string }
  /** Opens one more door. */
  | { readonly type: 'clasp.listen'; readonly transport: Transport };

/** All that may be sent to it. */
export type ClaspCommand =
  | ClaspRequest
  /** Lets everybody go with a goodbye (1001), and ends. */
  | { readonly type: 'clasp.stop' };

/** A param has a value. */
export interface ClaspParamEvent extends ParamSignal {
  readonly type: 'clasp.param';
  /** Id of the subscription that has brought it. */
  readonly subscription: string;
}

/** Anything else has happened at an address. */
export interface ClaspSignalEvent<T extends SignalType = SignalType> {
  readonly type: 'clasp.signal';
  readonly subscription: string;
  readonly signal: Exclude<Signal<T>, { readonly kind: 'param' }>;
}

/** What its parent finds in its mailbox, and whoever listens with `actor.on()`. */
export type ClaspEvent =
  /** All doors asked for at the start are open; later: one more, or one that had broken. `addresses`: all there are now. */
  | { readonly type: 'clasp.listening'; readonly addresses: readonly ListenAddress[] }
  /** A door that was open has broken; it is opened again by itself. */
  | { readonly type: 'clasp.listener.failed'; readonly transport: string; readonly error: Error | undefined }
  | ClaspParamEvent
  | ClaspSignalEvent
  | {
      readonly type: 'clasp.session.opened';
      readonly id: string;
      readonly name: string;
      readonly transport: string;
      readonly remoteAddress: string;
    }
  | {
      readonly type: 'clasp.session.closed';
      readonly id: string;
      readonly name: string;
      readonly reason: SessionEnd['kind'];
      readonly text: string;
    }
  /**
   * It was asked for something that it does not do.
   *
   * `request`: absent where the router's answer does not say: what passes through has none but this.
   * `error`: ClaspError with what the router says, ClientError where it was not asked, TransportError about a door.
   */
  | { readonly type: 'clasp.refused'; readonly request?: ClaspRequest | undefined; readonly error: Error }
  /** The last one. `xstate.done.actor.<id>` follows. */
  | { readonly type: 'clasp.stopped' };

/** A signal as the event that brings it. */
export function eventOf(signal: Signal, subscription: string): ClaspParamEvent | ClaspSignalEvent {
  return signal.kind === 'param'
    ? withJson({ ...signal, type: 'clasp.param', subscription })
    : withJson({ type: 'clasp.signal', subscription, signal });
}

/** Gives an event the JSON form that its Ints, bytes and maps lack. */
function withJson<T extends ClaspParamEvent | ClaspSignalEvent>(event: T): T {
  return summarized(event, jsonOfSignal);
}

/**
 * Refuses a request. Its JSON form has the type, address, pattern and id of the request, which may hold anything.
 *
 * @param thrown the reason
 */
export function refusal(request: ClaspRequest | undefined, thrown: unknown): ClaspEvent {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return summarized({ type: 'clasp.refused', request, error } as const, ({ type }) => ({
    type,
    request: request && primitivesOf(request),
    error: { ...primitivesOf(error), name: error.name, message: error.message },
  }));
}
