import { decodeInbound, type InboundFrame } from '../protocol/inbound.js';
import type { ClockOffsets } from './clock-offsets.js';
import type { SessionPhase } from './session-events.js';
import type { CoreInput, Recorder } from './recorder.js';
import type { RouterSession } from './session.js';
import type { HooksOptions } from './writes/write-hooks.js';

/** Passes the inputs of a core to a recorder, and finds phases that changed in between. */
export class InputTap {
  readonly #recorder: Recorder;
  /** The last recorded phase of each session. */
  readonly #phases = new Map<RouterSession, SessionPhase>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** Records an input without a session. */
  record(input: CoreInput): void {
    this.#recordPhases();
    this.#recorder.record(input);
  }

  /** Records an input of a session. */
  recordOf(session: RouterSession, input: CoreInput): void {
    if (!this.#phases.has(session)) this.#open(session);
    this.record(input);
    if (input.type === 'left') this.#phases.delete(session);
  }

  frame(session: RouterSession, frame: InboundFrame, receivedMicros: number): void {
    const { message } = frame;
    const hasToken = message.type === 'hello' && message.token !== undefined && message.token !== '';
    this.recordOf(session, {
      type: 'frame',
      session: session.id,
      frame: hasToken ? { ...frame, message: { ...message, token: 'not recorded' } } : frame,
      receivedMicros,
      receivedBytes: session.traffic.receivedBytes,
      lastReceivedMicros: session.lastReceivedMicros,
    });
  }

  time(nowMicros: number, { protocolAheadMicros, wallAheadMicros, unjudgedSinceMs }: ClockOffsets): void {
    this.#recorder.record({ type: 'time', nowMicros, protocolAheadMicros, wallAheadMicros, unjudgedSinceMs });
  }

  hook(result: unknown, isThrown: boolean): void {
    this.#recorder.record({ type: 'hook', result, isThrown });
  }

  /** The core itself changes phases through `notify`; these are recorded too, and repeat what a replay does anyway. */
  #recordPhases(): void {
    for (const [session, known] of this.#phases) {
      const { id, phase } = session;
      if (phase === known) continue;
      this.#phases.set(session, phase);
      this.#recorder.record({ type: 'phase', session: id, phase });
    }
  }

  #open(session: RouterSession): void {
    const { id, phase, openedMicros, link, sendQueue } = session;
    const { transport, remoteAddress, isForwarded, framing, maxFrameBytes, encoding } = link;
    const { isTrusted, scopes, wantsSnapshot } = link;
    this.#phases.set(session, phase);
    this.#recorder.record({
      type: 'opened',
      session: {
        id,
        phase,
        openedMicros,
        link: {
          transport,
          remoteAddress,
          isForwarded,
          framing,
          maxFrameBytes,
          encoding,
          isTrusted,
          scopes,
          wantsSnapshot,
        },
        isLocal: link.deliver !== undefined,
        maxQueueBytes: sendQueue.limits.maxBytes,
        maxQueueMessages: sendQueue.limits.maxMessages,
      },
    });
  }
}

/** The methods of a core that receive the frames of sessions. */
export interface FrameMethods {
  handle(session: RouterSession, frame: InboundFrame, receivedMicros: number): void;
  handleBytes(session: RouterSession, bytes: Uint8Array, start: number, end: number, receivedMicros: number): void;
}

/** Returns the frame methods of a core while its inputs are recorded. @param handle without recording */
export function tappedFrames(tap: InputTap, handle: FrameMethods['handle']): FrameMethods {
  const handleTapped: FrameMethods['handle'] = (session, frame, receivedMicros) => {
    tap.frame(session, frame, receivedMicros);
    handle(session, frame, receivedMicros);
  };
  return {
    handle: handleTapped,
    // Decoded as in a replay: the direct path looks up recipients, and calls `isVisible`, at other times.
    handleBytes: (session, bytes, start, end, receivedMicros) => {
      handleTapped(session, decodeInbound(bytes, start, end), receivedMicros);
    },
  };
}

/** Returns the hooks of a program with their results recorded while a tap exists. A hook that is not set stays so. */
export function tappedHooks(hooks: HooksOptions, tap: () => InputTap | undefined): HooksOptions {
  const { signals, validateWrite, isVisible, reportFault } = hooks;
  const noted = <R>(call: () => R): R => {
    try {
      const result = call();
      tap()?.hook(result, false);
      return result;
    } catch (error) {
      tap()?.hook(error, true);
      throw error;
    }
  };
  return {
    reportFault,
    signals: signals && {
      definitions: signals.definitions,
      check: (...args: Parameters<typeof signals.check>) => noted(() => signals.check(...args)),
    },
    validateWrite: validateWrite && ((write) => noted(() => validateWrite(write))),
    isVisible: isVisible && ((address, session) => noted(() => isVisible(address, session))),
  };
}
