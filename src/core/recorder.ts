import type { InboundFrame } from '../protocol/inbound.js';
import type { ClaspError } from '../protocol/errors.js';
import type { Grant } from './ports.js';
import type { SessionLink } from './session-link.js';
import type { SessionPhase } from './session-events.js';
import type { Departure } from './system/presence.js';

/** A session, as a recording describes it. */
export interface RecordedSession {
  readonly id: string;
  readonly phase: SessionPhase;
  readonly openedMicros: number;
  readonly link: Pick<
    SessionLink,
    | 'transport'
    | 'remoteAddress'
    | 'isForwarded'
    | 'framing'
    | 'maxFrameBytes'
    | 'encoding'
    | 'isTrusted'
    | 'scopes'
    | 'wantsSnapshot'
  >;
  /** Whether it is in process, and gets messages instead of bytes. */
  readonly isLocal: boolean;
  readonly maxQueueBytes: number;
  readonly maxQueueMessages: number;
}

/**
 * An input of the core. The same inputs in the same order give the same bytes, except for what a transport sends as
 * datagrams. The statistics below `/$clasp` also contain bytes that sockets took, which is no input.
 */
export type CoreInput =
  /** Before the first input of a session. */
  | { readonly type: 'opened'; readonly session: RecordedSession }
  /** The phase was set from outside of the core: the session is congested, drained, closing or closed. */
  | { readonly type: 'phase'; readonly session: string; readonly phase: SessionPhase }
  /** A reading of the clock. It belongs to the next or the current input that is not of this type. */
  | {
      readonly type: 'time';
      readonly nowMicros: number;
      readonly protocolAheadMicros: number;
      readonly wallAheadMicros: number;
      readonly unjudgedSinceMs: number;
    }
  /** What a hook of the program returned or threw, at the current input. */
  | { readonly type: 'hook'; readonly result: unknown; readonly isThrown: boolean }
  /** `handle`. Values are valid during the call; a token in HELLO is replaced. */
  | {
      readonly type: 'frame';
      readonly session: string;
      readonly frame: InboundFrame;
      readonly receivedMicros: number;
      /** Bytes that the session has received so far, and when the last of them arrived. */
      readonly receivedBytes: number;
      readonly lastReceivedMicros: number;
    }
  | { readonly type: 'admitted'; readonly session: string; readonly grant: Grant }
  | { readonly type: 'left'; readonly session: string; readonly departure: Departure }
  | { readonly type: 'error'; readonly session: string; readonly error: ClaspError }
  | { readonly type: 'ping'; readonly session: string }
  | { readonly type: 'resumed'; readonly session: string }
  | { readonly type: 'queued'; readonly session: string; readonly maxBytes: number }
  | { readonly type: 'revoked'; readonly tokenId: string }
  | { readonly type: 'cut'; readonly cut: number; readonly failure: string | undefined }
  /** `beginBatch`, `runDue`, `advanceTasks`, `advanceChores`, `takeDirty`, `visibilityChanged`. */
  | { readonly type: 'batch' | 'due' | 'tasks' | 'chores' | 'turn' | 'visibility' };

/** Receives every input of the core before the core handles it. */
export interface Recorder {
  /** Must not throw, and must copy what it keeps of values. */
  record(input: CoreInput): void;
}
