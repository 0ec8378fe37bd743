import type { Chart, ChartEdge, Transition } from '../feed.js';

/**
 * The transition of the chart that was taken: its source holds the state before, its target the state after, and its
 * label is the event where several would do. What the router calls `xstate.after.10000.session.awaitingHello` is
 * `after 10 s` on the chart, so the label only decides between those that fit.
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
    moving.find(({ label }) => kind !== undefined && label.startsWith(kind)) ??
    (from === to ? undefined : moving[0])
  );
}

/** How the label of an event begins that XState makes itself. */
function labelKind(event: string): string | undefined {
  return /^xstate\.(after|done|error)\./.exec(event)?.[1];
}

/** `session.open.listening` is `open.listening` in the words of the feed. */
function wordOf(id: string, { root }: Chart): string {
  return id === root.id ? '' : id.startsWith(`${root.id}.`) ? id.slice(root.id.length + 1) : id;
}

/** Whether a state is this one or below it, in any of its regions. */
function holds(word: string, state: string): boolean {
  return word === '' || pathsOf(state).some((path) => path === word || path.startsWith(`${word}.`));
}

/** `draining.(doors.closed, sessions.leaving)` is in two states at once: `draining.doors.closed` and `draining.sessions.leaving`. */
function pathsOf(state: string): readonly string[] {
  const open = state.indexOf('(');
  if (open < 0) return [state];
  const before = state.slice(0, open);
  return regionsOf(state.slice(open + 1, -1)).flatMap((region) => pathsOf(region).map((path) => before + path));
}

/** Splits at the commas that stand in no parentheses of their own. */
function regionsOf(text: string): readonly string[] {
  const regions: string[] = [];
  let [depth, from] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')') depth--;
    else if (text[at] === ',' && depth === 0) {
      regions.push(text.slice(from, at));
      from = at + 2; // the space behind the comma
    }
  }
  return [...regions, text.slice(from)];
}
