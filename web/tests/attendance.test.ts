import { describe, expect, it } from "vitest";
import type { Attended } from "../src/api/schema.ts";
import {
  kindOf,
  minutes,
  monthsUntil,
  sums,
  timeOf,
  totals,
} from "../src/features/school/attendance/totals.ts";

const row = (person: string, lesson: string, day: number, received_s: number): Attended => ({
  lesson,
  title: lesson,
  starts_at: `2026-11-${day}T08:00:00Z`,
  person,
  name: person,
  came_at: `2026-11-${day}T08:01:00Z`,
  left_at: `2026-11-${day}T08:20:00Z`,
  received_s,
  joins: 1,
  groups: [],
});
const ROWS = [row("family:1", "a", 10, 600), row("family:2", "a", 10, 900), row("family:1", "a", 11, 300)];

describe("totals of attendance", () => {
  it("count each time of a series as a lesson", () =>
    expect(totals(ROWS)).toEqual({ lessons: 2, people: 2, seconds: 1800 }));
  it("of nothing are nothing", () => expect(totals([])).toEqual({ lessons: 0, people: 0, seconds: 0 }));
  it("are made for each participant and for each lesson", () => {
    const of = (keyOf: Parameters<typeof sums>[1]) =>
      sums(ROWS, keyOf).map(({ lessons, people, seconds }) => [lessons, people, seconds]);
    expect(of(({ person }) => person)).toEqual([
      [2, 1, 900],
      [1, 1, 900],
    ]);
    expect(of(timeOf)).toEqual([
      [1, 2, 1500],
      [1, 1, 300],
    ]);
  });
  it("are told in whole minutes", () => expect([0, 29, 31, 90].map(minutes)).toEqual([0, 0, 1, 2]));
});

it("tells families, staff and guests apart", () =>
  expect(["family:1", "staff:2", "guest:x"].map(kindOf)).toEqual(["family", "staff", "guest"]));

it("goes back over the turn of the year", () => {
  const months = monthsUntil(new Date(2026, 1, 15), 3);
  expect(months.map(({ id }) => id)).toEqual(["2026-02", "2026-01", "2025-12"]);
  expect(months[2]?.next).toEqual(months[1]?.first);
});
