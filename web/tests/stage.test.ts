import { describe, expect, it } from "vitest";
import { bestGrid, GRID_GAP } from "../src/features/call/grid.ts";
import { initials } from "../src/features/call/tiles.ts";
import { EMPTY_HISTORY, HISTORY_LENGTH, sparklinePoints } from "../src/features/operator/history.ts";
import { parseRoute } from "../src/route.ts";

describe("the grid", () => {
  it("always fits the width of the stage, and its height unless it scrolls", () => {
    for (const [width, height] of [
      [320, 420],
      [390, 700],
      [844, 300],
      [1440, 800],
    ] as const) {
      for (let count = 1; count <= 30; count += 1) {
        const grid = bestGrid(count, width, height);
        const rows = Math.ceil(count / grid.columns);
        expect(grid.columns * grid.tileWidth + (grid.columns - 1) * GRID_GAP).toBeLessThanOrEqual(width);
        if (!grid.scrolls) {
          expect(rows * grid.tileHeight + (rows - 1) * GRID_GAP).toBeLessThanOrEqual(height);
        }
      }
    }
  });

  it("shows half a row where it scrolls, so that everybody sees that there are more", () => {
    for (const [width, height] of [
      [374, 704],
      [304, 512],
      [740, 330],
    ] as const) {
      const grid = bestGrid(40, width, height);
      expect(grid.scrolls).toBe(true);
      const part = (height / (grid.tileHeight + GRID_GAP)) % 1;
      expect(part).toBeGreaterThan(0.25);
      expect(part).toBeLessThan(0.75);
    }
  });

  it("has nothing to lay out without a stage", () => {
    expect(bestGrid(0, 100, 100).tileWidth).toBe(0);
    expect(bestGrid(3, 0, 100).tileWidth).toBe(0);
  });
});

describe("routes", () => {
  it("name the pages", () => {
    expect(parseRoute("/")).toEqual({ page: "home" });
    expect(parseRoute("/l/abc")).toEqual({ page: "lesson", code: "abc" });
    expect(parseRoute("/operator")).toEqual({ page: "operator" });
  });

  it("treat everything else alike", () => {
    for (const path of ["/l/%E0%A4%A", "/l/a/b", "/x"]) expect(parseRoute(path)).toEqual({ page: "unknown" });
  });
});

describe("small things", () => {
  it("initials work for both alphabets and for none", () => {
    expect(initials("Анна Петровна")).toBe("АП");
    expect(initials("bob")).toBe("B");
    expect(initials("👋")).toBe("•");
  });

  it("a sparkline ends at the right edge", () => {
    expect(sparklinePoints([0, 10], HISTORY_LENGTH - 1, 10)).toBe("118.0,10.0 119.0,0.0");
    expect(EMPTY_HISTORY.samples).toEqual([]);
  });
});
