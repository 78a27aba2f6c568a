import type { Attended } from "../../../api/schema.ts";

type Rows = readonly Attended[];
export type PersonKind = "family" | "staff" | "guest";

export interface Totals {
  readonly lessons: number;
  readonly people: number;
  readonly seconds: number;
}

export interface Sum extends Totals {
  readonly key: string;
  /** The row that stands for all of them. */
  readonly row: Attended;
}

/** What a person is, by the beginning of its key. */
export function kindOf(person: string): PersonKind {
  const kind = person.slice(0, person.indexOf(":"));
  return kind === "family" || kind === "staff" ? kind : "guest";
}

/** One time of a lesson. */
export function timeOf(row: Attended): string {
  return `${row.lesson} ${row.starts_at}`;
}

export function totals(rows: Rows): Totals {
  return {
    lessons: new Set(rows.map(timeOf)).size,
    people: new Set(rows.map(({ person }) => person)).size,
    seconds: rows.reduce((sum, { received_s }) => sum + received_s, 0),
  };
}

/** Sums of all rows with the same key, in the order of the first of each. */
export function sums(rows: Rows, keyOf: (row: Attended) => string): readonly Sum[] {
  const found = new Map<string, Attended[]>();
  for (const row of rows) {
    const key = keyOf(row);
    found.set(key, [...(found.get(key) ?? []), row]);
  }
  return [...found].map(([key, of]) => ({ key, row: of.at(-1) as Attended, ...totals(of) }));
}

export function minutes(seconds: number): number {
  return Math.round(seconds / 60);
}

export interface Month {
  /** "2026-11" */
  readonly id: string;
  readonly first: Date;
  readonly next: Date;
}

/** This month and those before it, in the viewer's own zone, newest first. */
export function monthsUntil(now: Date, howMany: number): readonly Month[] {
  return Array.from({ length: howMany }, (_, back) => {
    const first = new Date(now.getFullYear(), now.getMonth() - back, 1);
    const next = new Date(first.getFullYear(), first.getMonth() + 1, 1);
    return { id: `${first.getFullYear()}-${String(first.getMonth() + 1).padStart(2, "0")}`, first, next };
  });
}
