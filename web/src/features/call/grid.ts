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

/** The last row in sight is cut through the middle, so that everybody sees that there are more. */
function scrolling(width: number, height: number): Grid {
  const columns = Math.max(2, Math.floor((width + GRID_GAP) / (MIN_TILE_WIDTH * 1.25 + GRID_GAP)));
  const tileWidth = Math.floor((width - GRID_GAP * (columns - 1)) / columns);
  const wanted = tileWidth * TALLEST;
  const rows = Math.max(1, Math.round((height + GRID_GAP) / (wanted + GRID_GAP) - 0.5));
  const tileHeight = (height - GRID_GAP * rows) / (rows + 0.5);
  const limits = [tileWidth / WIDEST, tileWidth / TALLEST] as const;
  return {
    columns,
    tileWidth,
    tileHeight: Math.floor(Math.min(Math.max(tileHeight, limits[0]), limits[1])),
    scrolls: true,
  };
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
  return tooSmall && count > 2 ? scrolling(width, height) : best;
}
