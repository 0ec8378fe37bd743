import type { CoreInput, Recorder } from '../../src/core/recorder.js';
import { RouterCore } from '../../src/core/router-core.js';
import type { RouterCoreOptions } from '../../src/core/router-core-options.js';
import { RouterSession } from '../../src/core/session.js';
import type { SessionEvent } from '../../src/core/session-events.js';
import { detached } from '../../src/protocol/messages/index.js';
import type { Message } from '../../src/protocol/messages/message.js';

/** Keeps all inputs of a core, with copies of their values. */
export class KeptRecording implements Recorder {
  readonly inputs: CoreInput[] = [];

  record(input: CoreInput): void {
    if (input.type !== 'frame') {
      this.inputs.push(input);
      return;
    }
    const { message } = input.frame;
    const isWire = message.type !== 'malformed' && message.type !== 'rateLimited' && message.type !== 'remove';
    this.inputs.push({ ...input, frame: { ...input.frame, message: isWire ? detached(message) : message } });
  }
}

/** The output of each session: bytes in hex, or messages of in-process sessions. */
export class Output {
  readonly bySession = new Map<string, unknown[]>();

  /** Takes the bytes that a turn has left in the outboxes. */
  takeTurn(core: RouterCore): void {
    for (const session of core.takeDirty()) this.add(session.id, hex(session.outbox.take(true)));
  }

  add(session: string, output: unknown): void {
    const outputs = this.bySession.get(session);
    if (outputs === undefined) this.bySession.set(session, [output]);
    else outputs.push(output);
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Sets the phase of a session as its machine would. */
export function follow(session: RouterSession, { type }: SessionEvent): void {
  if (type === 'hello.accepted' || type === 'connection.drained') session.phase = 'active';
  else if (type === 'hello.received') session.phase = 'authenticating';
  else if (type === 'connection.congested') session.phase = 'congested';
  else if (type !== 'messages.dropped') session.phase = 'draining';
}

/** Runs recorded inputs through a new core. @returns its output */
export function replay(
  inputs: readonly CoreInput[],
  options: Omit<RouterCoreOptions, 'nowMicros' | 'offsets' | 'recorder' | 'reportFault'>,
): Output {
  const output = new Output();
  const sessions = new Map<string, RouterSession>();
  const times: Extract<CoreInput, { type: 'time' }>[] = [];
  const hooks: Extract<CoreInput, { type: 'hook' }>[] = [];
  const offsets = { protocolAheadMicros: 0, wallAheadMicros: 0, unjudgedSinceMs: Infinity };
  /** Reads the times and results that follow the input at `at`. */
  const prepare = (at: number): void => {
    for (let i = at; i < inputs.length; i++) {
      const next = inputs[i]!;
      if (next.type === 'time') times.push(next);
      else if (next.type === 'hook') hooks.push(next);
      else return;
    }
  };
  const answer = (): unknown => {
    const next = hooks.shift();
    if (next?.isThrown === true) throw next.result;
    return next?.result;
  };
  prepare(0);
  const core = new RouterCore({
    ...options,
    validateWrite: options.validateWrite && ((): string | undefined => answer() as string | undefined),
    isVisible: options.isVisible && ((): boolean => answer() === true),
    offsets,
    reportFault: () => undefined,
    nowMicros: () => {
      const next = times.shift();
      if (next === undefined) throw new Error('the replay reads the clock more often than the recording');
      Object.assign(offsets, next);
      return next.nowMicros;
    },
  });
  const find = (id: string): RouterSession => sessions.get(id)!; // `opened` precedes every other input of a session
  inputs.forEach((input, i) => {
    if (input.type !== 'time' && input.type !== 'hook') prepare(i + 1);
    switch (input.type) {
      case 'time':
      case 'hook':
        return;
      case 'opened': {
        const { id, phase, link, isLocal, maxQueueBytes, maxQueueMessages } = input.session;
        const session: RouterSession = new RouterSession({
          id,
          link: {
            ...link,
            ...(isLocal && { deliver: (message: Message): void => output.add(id, message) }),
            bufferedBytes: 0,
            write: () => undefined,
            close: () => undefined,
            destroy: () => undefined,
          },
          notify: (event) => {
            follow(session, event);
          },
          nowMicros: input.session.openedMicros,
          maxQueueBytes,
          maxQueueMessages,
        });
        session.phase = phase;
        sessions.set(id, session);
        return;
      }
      case 'phase':
        find(input.session).phase = input.phase;
        return;
      case 'frame':
        find(input.session).traffic.receivedBytes = input.receivedBytes;
        find(input.session).lastReceivedMicros = input.lastReceivedMicros;
        return core.handle(find(input.session), input.frame, input.receivedMicros);
      case 'admitted':
        core.admit(find(input.session), input.grant);
        return; // the frames that it returns are recorded as they are handled
      case 'left':
        return core.leave(find(input.session), input.departure);
      case 'error':
        return core.sendError(find(input.session), input.error);
      case 'ping':
        return core.ping(find(input.session));
      case 'resumed':
        return core.resume(find(input.session));
      case 'queued':
        return output.add(input.session, hex(core.takeQueued(find(input.session), input.maxBytes)));
      case 'revoked':
        return core.revoke(input.tokenId);
      case 'cut':
        return core.settleCut(input.cut, input.failure);
      case 'batch':
        return core.beginBatch();
      case 'due':
        return void core.runDue();
      case 'tasks':
        return void core.advanceTasks();
      case 'chores':
        return core.advanceChores();
      case 'turn':
        return output.takeTurn(core);
      case 'visibility':
        return core.visibilityChanged();
    }
  });
  return output;
}
