import { encodeValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';
import type { SessionEnd } from '../session-events.js';
import type { ClockOffsets } from '../clock-offsets.js';
import type { RouterSession } from '../session.js';
import type { SignalRouter } from '../delivery/signal-router.js';
import type { SystemParams } from './system-params.js';

/** How a session ended, as published by presence. */
export type Departure = SessionEnd['kind'];

/**
 * Publishes the connected sessions (docs/reference/protocol.md): params and events below `/$clasp/sessions/<id>`. The owner calls
 * it only while a subscriber exists; {@link refresh} applies earlier changes.
 */
export class Presence {
  readonly #params: SystemParams;
  readonly #routing: SignalRouter;
  readonly #offsets: ClockOffsets;
  /** IDs of the sessions with params. */
  readonly #announced = new Set<string>();

  constructor(params: SystemParams, routing: SignalRouter, offsets: ClockOffsets) {
    this.#params = params;
    this.#routing = routing;
    this.#offsets = offsets;
  }

  /** Updates the params to the connected sessions. */
  refresh(sessions: ReadonlyMap<string, RouterSession>, nowMicros: number): void {
    for (const id of this.#announced) if (!sessions.has(id)) this.#remove(id);
    for (const session of sessions.values()) this.#write(session, nowMicros);
  }

  joined(session: RouterSession, nowMicros: number): void {
    this.#write(session, nowMicros);
    this.#publish(session, 'connect', [], nowMicros);
  }

  left(session: RouterSession, departure: Departure, nowMicros: number): void {
    this.#params.write(`${addressOf(session.id)}/online`, false, nowMicros); // for clients that subscribe to params only
    this.#remove(session.id);
    this.#publish(session, 'disconnect', [['reason', departure]], nowMicros);
  }

  #write(session: RouterSession, nowMicros: number): void {
    const place = addressOf(session.id);
    this.#announced.add(session.id);
    this.#params.write(`${place}/name`, session.name, nowMicros);
    this.#params.write(`${place}/transport`, session.link.transport, nowMicros);
    const { protocolAheadMicros } = this.#offsets;
    this.#params.write(`${place}/connectedAt`, BigInt(session.joinedMicros + protocolAheadMicros), nowMicros);
    this.#params.write(`${place}/lastSeen`, BigInt(session.lastReceivedMicros + protocolAheadMicros), nowMicros);
    this.#params.write(`${place}/online`, true, nowMicros);
  }

  #remove(id: string): void {
    this.#announced.delete(id);
    for (const name of ['name', 'transport', 'connectedAt', 'lastSeen', 'online']) {
      this.#params.remove(`${addressOf(id)}/${name}`);
    }
  }

  #publish(
    session: RouterSession,
    what: 'connect' | 'disconnect',
    more: readonly (readonly [string, Value])[],
    nowMicros: number,
  ): void {
    const value = encodeValue(new Map<string, Value>([['session', session.id], ['name', session.name], ...more]));
    const address = `${addressOf(session.id)}/${what}`;
    const timestamp = nowMicros + this.#offsets.protocolAheadMicros;
    this.#routing.publish({ type: 'publish', address, signal: 'event', value, timestamp }, undefined, nowMicros);
  }
}

function addressOf(id: string): string {
  return `/$clasp/sessions/${id}`;
}
