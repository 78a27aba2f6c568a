/** How equal tiles fill a stage. All lengths in CSS pixels. */
export interface Grid {
  readonly columns: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** The tiles are higher than the stage together: it scrolls. */
  readonly scrolls: boolean;
}

export const GRID_GAP = 8;
/** Below this width faces cannot be told apart, so the stage scrolls instead. */
const MIN_TILE_WIDTH = 136;
const WIDEST = 16 / 9;
const TALLEST = 3 / 4;

function fitGrid(count: number, columns: number, width: number, height: number): Grid {
  const rows = Math.ceil(count / columns);
  let tileWidth = (width - GRID_GAP * (columns - 1)) / columns;
  let tileHeight = (height - GRID_GAP * (rows - 1)) / rows;
  if (tileWidth / tileHeight > WIDEST) tileWidth = tileHeight * WIDEST;
  if (tileWidth / tileHeight < TALLEST) tileHeight = tileWidth / TALLEST;
  return { columns, tileWidth: Math.floor(tileWidth), tileHeight: Math.floor(tileHeight), scrolls: false };
}

function scrolling(width: number): Grid {
  const columns = Math.max(2, Math.floor((width + GRID_GAP) / (MIN_TILE_WIDTH * 1.25 + GRID_GAP)));
  const tileWidth = Math.floor((width - GRID_GAP * (columns - 1)) / columns);
  return { columns, tileWidth, tileHeight: Math.floor(tileWidth * TALLEST), scrolls: true };
}

/** The grid whose tiles are largest; when even those are too small, one that scrolls. */
export function bestGrid(count: number, width: number, height: number): Grid {
  if (count === 0 || width <= 0 || height <= 0) {
    return { columns: 1, tileWidth: 0, tileHeight: 0, scrolls: false };
  }
  let best = fitGrid(count, 1, width, height);
  for (let columns = 2; columns <= count; columns += 1) {
    const next = fitGrid(count, columns, width, height);
    if (next.tileHeight > 0 && next.tileWidth * next.tileHeight > best.tileWidth * best.tileHeight)
      best = next;
  }
  const tooSmall = best.tileWidth < MIN_TILE_WIDTH || best.tileHeight < MIN_TILE_WIDTH * 0.5;
  return tooSmall && count > 2 ? scrolling(width) : best;
}
