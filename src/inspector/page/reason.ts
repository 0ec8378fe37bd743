import type { ActorDetail, Json, SessionRow } from '../feed.js';
import { bytesText, countText, isList } from './plain-text.js';
import { type Tone, toneOf } from './tone.js';

/** Explains the state of an actor in one or two sentences, without terms of state machines. */
export interface Reason {
  readonly tone: Tone;
  readonly text: string;
  /** Related figures as pairs of name and value. */
  readonly figures: readonly (readonly [string, string])[];
}

/** @param session row of the session, if the actor is one */
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
      return 'The connection is open. The router checks its session limits.';
    case 'awaitingHello':
      return 'Connected, without a HELLO so far. The router accepts no other message before it.';
    case 'authenticating':
      return 'The router validates its token.';
    case 'active':
      return session?.lastError === undefined
        ? 'No problem: it reads as fast as the router writes.'
        : `It reads as fast as the router writes. The router last sent it error ${session.lastError.code}: ${session.lastError.text}.`;
    case 'congested':
      return 'It reads slower than messages arrive for it. In its queue, newer values replace older ones. Other sessions are not affected.';
    case 'running':
      return 'The router is running.';
    case 'binding':
      return 'The listener is opening.';
    case 'open.listening':
      return 'The listener is open and accepts connections.';
    case 'backingOff':
      return `The listener failed${because(error)}. It opens again shortly.`;
    case 'failed':
      return `It failed${because(error)}.`;
    default:
      return error === undefined ? '' : `Its last error: ${error}.`;
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
  if (times !== undefined && times > 0) figures.push(['congested', `${countText(times)} ×`]);
  if (waits > 0) figures.push(['queued', bytesText(waits)]);
  if (dropped > 0) figures.push(['dropped', countText(dropped)]);
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
