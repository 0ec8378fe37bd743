import type { ActorDetail, Json, SessionRow } from '../feed.js';
import { bytesText, countText, isList } from './plain-text.js';
import { type Tone, toneOf } from './tone.js';

/** Why an actor is as it is, in a sentence or two that need no knowledge of machines. */
export interface Reason {
  readonly tone: Tone;
  readonly text: string;
  /** Figures beside it, each a name and what it is. */
  readonly figures: readonly (readonly [string, string])[];
}

/** @param session its row, where the actor is a session */
export function reasonOf(actor: ActorDetail, session: SessionRow | undefined): Reason {
  return {
    tone: toneOf(actor.state, actor.status),
    text: reasonText(actor, session),
    figures: figuresOf(actor, session),
  };
}

function reasonText(actor: ActorDetail, session: SessionRow | undefined): string {
  const end = textAt(actor.context, 'end', 'text');
  if (end !== undefined) return endText(actor.state, end);
  const error = textAt(actor.context, 'error', 'message') ?? textAt(actor.context, 'error');
  switch (actor.state) {
    case 'connecting':
      return 'The connection is there; the router looks whether it has room.';
    case 'awaitingHello':
      return 'Connected, and has not said HELLO yet. Until then nothing else is taken from it.';
    case 'authenticating':
      return 'Its token is being looked at.';
    case 'active':
      return session?.lastError === undefined
        ? 'All is well: it reads as fast as it is written to.'
        : `It reads as fast as it is written to. The last it was told was error ${session.lastError.code}: ${session.lastError.text}.`;
    case 'congested':
      return 'It reads slower than messages come for it. Newer values replace older ones while they wait; everybody else goes on undisturbed.';
    case 'running':
      return 'The router is running.';
    case 'binding':
      return 'The door is being opened.';
    case 'open.listening':
      return 'The door is open and lets peers in.';
    case 'backingOff':
      return `The door broke${because(error)} and is opened again in a moment.`;
    case 'failed':
      return `It failed${because(error)}.`;
    default:
      return error === undefined ? '' : `Its last fault: ${error}.`;
  }
}

function because(error: string | undefined): string {
  return error === undefined ? '' : ` (${error})`;
}

function endText(state: string, end: string): string {
  const sentence = end.endsWith('.') ? end : `${end}.`;
  return state === 'closed' ? `Ended: ${sentence}` : `Ending: ${sentence}`;
}

function figuresOf({ context }: ActorDetail, session: SessionRow | undefined): readonly (readonly [string, string])[] {
  const figures: [string, string][] = [];
  const times = numberAt(context, 'congestion', 'times');
  const dropped = session?.dropped ?? numberAt(context, 'congestion', 'dropped') ?? 0;
  const waits = session?.queueBytes ?? 0;
  if (times !== undefined && times > 0) figures.push(['fell behind', `${countText(times)} ×`]);
  if (waits > 0) figures.push(['waits for it', bytesText(waits)]);
  if (dropped > 0) figures.push(['lost by being slow', countText(dropped)]);
  if (session !== undefined) {
    figures.push(['in', `${countText(session.messagesIn)}/s · ${bytesText(session.bytesIn)}/s`]);
    figures.push(['out', `${countText(session.messagesOut)}/s · ${bytesText(session.bytesOut)}/s`]);
    figures.push(['subscriptions', countText(session.subscriptions)]);
  }
  return figures;
}

function at(context: Json, keys: readonly string[]): Json | undefined {
  let value: Json | undefined = context;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || isList(value)) return undefined;
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

function textAt(context: Json, ...keys: readonly string[]): string | undefined {
  const value = at(context, keys);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberAt(context: Json, ...keys: readonly string[]): number | undefined {
  const value = at(context, keys);
  return typeof value === 'number' ? value : undefined;
}
