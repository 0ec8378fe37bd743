/** The visible rows of a long list. */
export interface RowWindow {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
}

/** Extra rows on both sides, so that one wheel step shows no gap. */
const MARGIN_ROWS = 6;

/** @param scrollTop, viewHeight, rowHeight in CSS pixels */
export function visibleRows(scrollTop: number, viewHeight: number, rowHeight: number, count: number): RowWindow {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - MARGIN_ROWS);
  const end = Math.min(count, Math.ceil((scrollTop + viewHeight) / rowHeight) + MARGIN_ROWS);
  return { first: Math.min(first, count), end: Math.max(end, 0) };
}

/** Returns the scroll position at which the row is fully visible: unchanged if it is already. */
export function scrollFor(row: number, scrollTop: number, viewHeight: number, rowHeight: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return top + rowHeight > scrollTop + viewHeight ? top + rowHeight - viewHeight : scrollTop;
}

/** Returns the row that a key leads to; undefined for a key that does not move. @param page rows per screen */
export function movedBy(key: string, row: number, count: number, page: number): number | undefined {
  const to = targetOf(key, row, count, page);
  return to === undefined || count === 0 ? undefined : Math.max(0, Math.min(count - 1, to));
}

function targetOf(key: string, row: number, count: number, page: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return row + 1;
    case 'ArrowUp':
    case 'k':
      return row < 0 ? 0 : row - 1;
    case 'PageDown':
      return row + page;
    case 'PageUp':
      return row - page;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
