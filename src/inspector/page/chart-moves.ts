import type { Chart, ChartEdge, Transition } from '../feed.js';

/**
 * Returns the chart edge of a transition: its source contains the state before, its target the state after. If
 * several edges match, the label decides: `xstate.after.10000.session.awaitingHello` is `after 10 s` on the chart, and
 * `end.idled` is `end.*`.
 */
export function edgeTaken(chart: Chart, { from, to, event }: Transition): ChartEdge | undefined {
  const fitting = chart.edges.filter(
    ({ source, target }) =>
      (source === chart.root.id || holds(wordOf(source, chart), from)) && holds(wordOf(target, chart), to),
  );
  const moving = from === to ? fitting : fitting.filter(({ source, target }) => source !== target);
  const kind = labelKind(event);
  return (
    moving.find(({ label }) => label === event) ??
    moving.find(({ label }) => label.endsWith('.*') && event.startsWith(label.slice(0, -1))) ??
    moving.find(({ label }) => kind !== undefined && label.startsWith(kind)) ??
    (from === to ? undefined : moving[0])
  );
}

/** Returns the label prefix of an event that XState generates. */
function labelKind(event: string): string | undefined {
  return /^xstate\.(after|done|error)\./.exec(event)?.[1];
}

/** Converts `session.open.listening` to the feed's form `open.listening`. */
function wordOf(id: string, { root }: Chart): string {
  return id === root.id ? '' : id.startsWith(`${root.id}.`) ? id.slice(root.id.length + 1) : id;
}

/** Returns whether a state is this one or a descendant, in any of its regions. */
function holds(word: string, state: string): boolean {
  return word === '' || pathsOf(state).some((path) => path === word || path.startsWith(`${word}.`));
}

/**
 * `draining.(doors.closed, sessions.leaving)` denotes two states: `draining.doors.closed` and
 * `draining.sessions.leaving`.
 */
function pathsOf(state: string): readonly string[] {
  const open = state.indexOf('(');
  if (open < 0) return [state];
  const before = state.slice(0, open);
  return regionsOf(state.slice(open + 1, -1)).flatMap((region) => pathsOf(region).map((path) => before + path));
}

/** Splits at commas outside of parentheses. */
function regionsOf(text: string): readonly string[] {
  const regions: string[] = [];
  let [depth, from] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')') depth--;
    else if (text[at] === ',' && depth === 0) {
      regions.push(text.slice(from, at));
      from = at + 2; // the space after the comma
    }
  }
  return [...regions, text.slice(from)];
}
