import type { Chart } from '../feed.js';
import { type ChartGraph, chartGraph, type Direction, type MeasureText } from './chart-graph.js';
import type { Elk, PlacedNode } from './elk-graph.js';

export interface Layout {
  readonly chart: Chart;
  readonly graph: ChartGraph;
  readonly placed: PlacedNode;
}

let loading: Promise<Elk> | undefined;

/** Loads the layout engine at the first chart, because it is the largest file of the page. */
function elk(): Promise<Elk> {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = new URL('./elk.js', import.meta.url).href;
    script.onload = () => {
      // What elk.bundled.js defines.
      const { ELK } = globalThis as unknown as { readonly ELK: new () => Elk };
      resolve(new ELK());
    };
    script.onerror = () => {
      loading = undefined; // the next chart tries again
      reject(new Error('The layout engine could not be loaded from the router.'));
    };
    document.head.append(script);
  });
  return loading;
}

const layouts = new Map<string, Promise<readonly Layout[]>>();

/**
 * Computes the layout of a chart: left to right or top to bottom, whichever appears larger in the view. Each machine
 * is laid out once; state changes do not move it.
 *
 * @param width, height size of the view, in CSS pixels
 * @throws Error if the layout engine cannot be loaded
 */
export async function layoutOf(chart: Chart, width: number, height: number): Promise<Layout> {
  const key = JSON.stringify(chart);
  let laid = layouts.get(key);
  if (laid === undefined) {
    laid = Promise.all([lay(chart, 'RIGHT'), lay(chart, 'DOWN')]);
    layouts.set(key, laid);
    laid.catch(() => layouts.delete(key));
  }
  const scale = ({ placed }: Layout): number => Math.min(width / placed.width, height / placed.height);
  return (await laid).reduce((best, other) => (scale(other) > scale(best) ? other : best));
}

async function lay(chart: Chart, direction: Direction): Promise<Layout> {
  const engine = await elk();
  const graph = chartGraph(chart, direction, measurer());
  return { chart, graph, placed: await engine.layout(graph.graph) };
}

/** Measures text in the fonts of the drawing, which the style sheet defines. */
function measurer(): MeasureText {
  const context = document.createElement('canvas').getContext('2d');
  const family = getComputedStyle(document.documentElement).getPropertyValue('--font');
  const mono = getComputedStyle(document.documentElement).getPropertyValue('--mono');
  return (text, kind) => {
    if (context === null) return text.length * 9; // no canvas: an estimate that is wide enough for any font
    context.font = kind === 'title' ? `600 15px ${family}` : `13px ${mono}`;
    return context.measureText(text).width;
  };
}
