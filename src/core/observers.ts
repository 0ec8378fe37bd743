import type { ChangeLog } from './change.js';
import type { ParamWatch } from './param-watch.js';
import type { Recorder } from './recorder.js';
import type { ReplyHold } from './reply-hold.js';

export type {
  AnnounceChange,
  BundleChange,
  Change,
  ChangeLog,
  ChangeWriter,
  ForgetChange,
  LockChange,
  ParamChange,
  Position,
  PublishChange,
  RemovalChange,
} from './change.js';
export type { ParamWatch, WatchedParam, WatchedState } from './param-watch.js';
export type { CoreInput, RecordedSession, Recorder } from './recorder.js';
export type { ReplyHold } from './reply-hold.js';

/**
 * The parts of a service that the router calls while it handles messages, from its first message on. Their methods must
 * be fast, and must not send messages themselves. An absent one costs nothing.
 */
export interface Observers {
  /** Receives accepted changes in their order. At most 30 services of a router can have one. */
  readonly changeLog?: ChangeLog | undefined;
  /** Sees each param before it changes. At most one service of a router can have one. */
  readonly paramWatch?: ParamWatch | undefined;
  /**
   * Decides which acknowledgments wait until the service calls `settleCut` of its router. At most one service of a
   * router can have one. With it, the router decodes every message.
   */
  readonly replyHold?: ReplyHold | undefined;
  /**
   * Receives all inputs of the core, until the service calls `stopRecording` of its router. At most one service of a
   * router can have one. While it records, the router decodes every message.
   */
  readonly recorder?: Recorder | undefined;
}
