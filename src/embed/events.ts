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

/** Requests to a router inside an actor system. None of them is a transition of its machine. */
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
  /** Sends several items that take effect together, or not at all. */
  | {
      readonly type: 'clasp.bundle';
      readonly items: readonly BundleItem[];
      readonly options?: BundleOptions | undefined;
    }
  /** Subscribes to a pattern. A repeated id replaces the subscription. */
  | {
      readonly type: 'clasp.subscribe';
      readonly pattern: string;
      readonly options?: OnOptions | undefined;
      /** The id for `clasp.unsubscribe`. @default the pattern */
      readonly id?: string | undefined;
    }
  /** `id`: that of the subscription, by default its pattern. */
  | { readonly type: 'clasp.unsubscribe'; readonly id: string }
  /** Opens one more listener. */
  | { readonly type: 'clasp.listen'; readonly transport: Transport };

/** All events that the actor accepts. */
export type ClaspCommand =
  | ClaspRequest
  /** Closes all sessions (1001), and ends. */
  | { readonly type: 'clasp.stop' };

/** A param has a value. */
export interface ClaspParamEvent extends ParamSignal {
  readonly type: 'clasp.param';
  /** Id of the matching subscription. */
  readonly subscription: string;
}

/** An event, stream, gesture or timeline. */
export interface ClaspSignalEvent<T extends SignalType = SignalType> {
  readonly type: 'clasp.signal';
  readonly subscription: string;
  readonly signal: Exclude<Signal<T>, { readonly kind: 'param' }>;
}

/** Events to the parent and to the listeners of `actor.on()`. */
export type ClaspEvent =
  /** All initial listeners are open; later: a further or reopened one. `addresses`: those of all open listeners. */
  | { readonly type: 'clasp.listening'; readonly addresses: readonly ListenAddress[] }
  /** An open listener has failed. It is reopened automatically. */
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
   * A request was not executed.
   *
   * `request`: absent if the answer does not identify it: events, streams and gestures have no other answer.
   * `error`: ClaspError of the router, ClientError if the request was not sent, TransportError of a listener.
   */
  | { readonly type: 'clasp.refused'; readonly request?: ClaspRequest | undefined; readonly error: Error }
  /** The last event. `xstate.done.actor.<id>` follows. */
  | { readonly type: 'clasp.stopped' };

/** Returns the event of a signal. */
export function eventOf(signal: Signal, subscription: string): ClaspParamEvent | ClaspSignalEvent {
  return signal.kind === 'param'
    ? withJson({ ...signal, type: 'clasp.param', subscription })
    : withJson({ type: 'clasp.signal', subscription, signal });
}

/** Adds a JSON form to an event, because Ints, bytes and maps have none. */
function withJson<T extends ClaspParamEvent | ClaspSignalEvent>(event: T): T {
  return summarized(event, jsonOfSignal);
}

/**
 * Returns the refusal of a request. Its JSON form has only type, address, pattern and id, because a request can contain
 * anything.
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
