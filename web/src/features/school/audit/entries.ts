import type { AuditAnswer } from "../../../api/schema.ts";

export type Kind = "roles" | "entries" | "groups" | "lessons" | "calls" | "content" | "consents" | "other";

const BEGINNINGS: readonly (readonly [string, Kind])[] = [
  ["role_", "roles"],
  ["staff_", "roles"],
  ["registered", "roles"],
  ["sign", "entries"],
  ["identity", "entries"],
  ["password", "entries"],
  ["account", "entries"],
  ["group_", "groups"],
  ["family_exported", "consents"],
  ["family_", "groups"],
  ["roster_", "groups"],
  ["lesson_", "lessons"],
  ["link_", "lessons"],
  ["call_", "calls"],
  ["recording_", "calls"],
  ["content_", "content"],
  ["consent_", "consents"],
];

/** What an action is about, by the beginning of its name. */
export function kindOf(action: string): Kind {
  return BEGINNINGS.find(([beginning]) => action.startsWith(beginning))?.[1] ?? "other";
}

/** Entries of each day in the viewer's own zone, in the order given. */
export function byDay(entries: readonly AuditAnswer[]): (readonly [string, readonly AuditAnswer[]])[] {
  const days = new Map<string, AuditAnswer[]>();
  for (const entry of entries) {
    const day = new Date(entry.at).toDateString();
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  return [...days];
}
