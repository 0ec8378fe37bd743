import { optionTopics } from '../router/options.js';
import type { AnyOption } from '../util/option.js';
import type { Flag } from './flag.js';
import { AUTO, OFF } from './flag-values.js';

interface Exception {
  /** The name of the flag, if it is not the name of the option. */
  readonly name?: string;
  readonly short?: string;
  /** Another text for the help. */
  readonly help?: string;
  /** Why the command has no such flag. */
  readonly omitted?: string;
}

/** The options whose flag does not follow from their declaration. */
const exceptions: Readonly<Partial<Record<string, Exception>>> = {
  name: { short: 'n' },
  presence: { help: 'does not publish the sessions below /$clasp/sessions' },
  maxSubscriptionsPerSession: { name: 'max-subscriptions' },
  securityMode: { omitted: 'the flag is --auth, which also selects the files of the authenticator' },
};

/** A flag of the command for an option of the router. */
export interface RouterFlag {
  readonly name: string;
  /** The name of the option. */
  readonly option: string;
  readonly declared: AnyOption;
  readonly about: Flag & { readonly fallback: string };
}

/** The flags of all options that are a number, a word or a switch, by topic. */
export const routerFlags: readonly RouterFlag[] = optionTopics.flatMap(({ title, options }) =>
  Object.entries(options)
    .filter(([name, { form }]) => form.kind !== 'object' && exceptions[name]?.omitted === undefined)
    .map(([option, declared]) => routerFlag(title, option, declared)),
);

/** Returns the flag of an option; undefined if the command has none. */
export function routerFlagOf(option: string): RouterFlag | undefined {
  return routerFlags.find((one) => one.option === option);
}

/** Returns `tcp-port` for `tcpPort`. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function routerFlag(topic: string, option: string, declared: AnyOption): RouterFlag {
  const { name = derivedName(option, declared), short, help = helpOf(declared) } = exceptions[option] ?? {};
  const about = { short, value: placeholder(declared), fallback: fallbackOf(declared), topic, help };
  return { name, option, declared, about };
}

/** Returns the first sentence of the text of an option. */
function helpOf({ doc }: AnyOption): string {
  const [summary = ''] = doc.split(/(?<=\.) /, 1);
  const text = summary.replaceAll('`', '').replace(/\.$/, '');
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The unit of a time is the placeholder of its value, and a switch that is on by default has a flag to turn it off. */
function derivedName(option: string, declared: AnyOption): string {
  const name = kebab(option.replace(/(?:Seconds|Ms)$/, ''));
  return isOnByDefault(declared) ? `no-${name}` : name;
}

/** Whether the flag of a switch turns it off. */
export function isOnByDefault({ default: value }: AnyOption): boolean {
  return value.kind === 'value' && value.value === true;
}

function placeholder({ form }: AnyOption): string | undefined {
  switch (form.kind) {
    case 'number':
      if (form.unit === 'seconds') return 'SECONDS';
      return form.unit === 'milliseconds' ? 'MS' : 'N';
    case 'switch':
      return undefined;
    case 'choice':
      return form.values.join('|');
    case 'list':
      return 'LIST';
    case 'text':
      return 'TEXT';
    case 'object':
      return OFF;
  }
}

function fallbackOf({ form, default: value, commandDefault }: AnyOption): string {
  if (commandDefault !== undefined) return textOf(commandDefault);
  if (form.kind === 'switch') return 'false';
  if (value.kind !== 'value') return AUTO;
  return textOf(value.value);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
