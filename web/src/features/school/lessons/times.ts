import type { LessonAnswer, OccurrenceAnswer, Recurrence } from "../../../api/schema.ts";

export type Repeat = "once" | "daily" | "weekdays" | "weekly" | "other";
const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR"] as const;
const DAYS_AHEAD = 14;

const two = (n: number) => String(n).padStart(2, "0");

/** As fields of forms write it, in the viewer's own zone. */
export function dateOf(moment: Date): string {
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

export function timeOf(moment: Date): string {
  return `${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

/** The moment of a day and a time in the viewer's own zone, as ISO 8601 in UTC. */
export function momentOf(date: string, time: string): string {
  return new Date(`${date}T${time}`).toISOString();
}

/** From the beginning of today, for two weeks. */
export function rangeFrom(now: Date): { after: string; before: string } {
  const begin = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const end = new Date(now.getFullYear(), now.getMonth(), now.getDate() + DAYS_AHEAD);
  return { after: begin.toISOString(), before: end.toISOString() };
}

/** Which of the choices of the form a rule is; what the form cannot say stays as it is. */
export function repeatOf(recurrence: Recurrence | null): Repeat {
  if (recurrence === null) return "once";
  const { frequency, interval = 1, days = [], count } = recurrence;
  if (interval !== 1 || count) return "other";
  if (frequency === "daily") return "daily";
  if (frequency !== "weekly") return "other";
  if (days.length <= 1) return "weekly";
  return days.length === WEEKDAYS.length && WEEKDAYS.every((day) => days.includes(day))
    ? "weekdays"
    : "other";
}

export function recurrenceOf(repeat: Repeat, until: string, known: Recurrence | null): Recurrence | null {
  const end = until ? { until } : {};
  switch (repeat) {
    case "once":
      return null;
    case "daily":
      return { frequency: "daily", ...end };
    case "weekdays":
      return { frequency: "weekly", days: WEEKDAYS, ...end };
    case "weekly":
      return { frequency: "weekly", ...end };
    case "other":
      return known;
  }
}

/** What happens on each day, in the viewer's own zone. */
export function byDay(
  occurrences: readonly OccurrenceAnswer[],
): (readonly [string, readonly OccurrenceAnswer[]])[] {
  const days = new Map<string, OccurrenceAnswer[]>();
  for (const one of occurrences) {
    const day = dateOf(new Date(one.starts_at));
    days.set(day, [...(days.get(day) ?? []), one]);
  }
  return [...days];
}

/** Whether pages offer to change a lesson; whether it is allowed, the server decides. */
export function mayChange(
  lesson: LessonAnswer,
  isHead: boolean,
  me: { id: string; groups: readonly string[] },
): boolean {
  if (isHead || lesson.host?.id === me.id) return true;
  return lesson.groups.length > 0 && lesson.groups.every((group) => me.groups.includes(group));
}
