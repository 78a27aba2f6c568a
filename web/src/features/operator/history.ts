import type { ServerLoad } from "../../api/operator.ts";

/** Two minutes at one sample a second. */
export const HISTORY_LENGTH = 120;

export interface LoadHistory {
  readonly latest: ServerLoad | null;
  /** Oldest first, the latest included. */
  readonly samples: readonly ServerLoad[];
}

export const EMPTY_HISTORY: LoadHistory = { latest: null, samples: [] };

export function remember(history: LoadHistory, load: ServerLoad): LoadHistory {
  return { latest: load, samples: [...history.samples, load].slice(-HISTORY_LENGTH) };
}

/** Points of an SVG polyline in a box of the given size; the newest sample is at the right edge. */
export function sparklinePoints(values: readonly number[], width: number, height: number): string {
  const top = Math.max(...values, 0);
  const step = width / (HISTORY_LENGTH - 1);
  const start = width - step * (values.length - 1);
  return values
    .map((value, index) => {
      const y = top > 0 ? height - (value / top) * height : height;
      return `${(start + index * step).toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}
