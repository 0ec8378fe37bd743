// The part of elkjs that the page uses:
// https://eclipse.dev/elk/documentation/tooldevelopers/graphdatastructure/jsonformat.html

export interface ElkNode {
  readonly id: string;
  readonly width?: number;
  readonly height?: number;
  readonly layoutOptions?: Readonly<Record<string, string>>;
  readonly children?: readonly ElkNode[];
  readonly edges?: readonly ElkEdge[];
}

export interface ElkEdge {
  readonly id: string;
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly labels: readonly { readonly text: string; readonly width: number; readonly height: number }[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A node with its position, relative to its parent. */
export interface PlacedNode extends Point {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly children?: readonly PlacedNode[];
  readonly edges?: readonly PlacedEdge[];
}

/** An edge with its positions, relative to the node `container`. */
export interface PlacedEdge {
  readonly id: string;
  readonly container: string;
  readonly labels?: readonly (Point & { readonly text: string; readonly width: number; readonly height: number })[];
  readonly sections?: readonly {
    readonly startPoint: Point;
    readonly bendPoints?: readonly Point[];
    readonly endPoint: Point;
  }[];
}

export interface Elk {
  layout(graph: ElkNode): Promise<PlacedNode>;
}
