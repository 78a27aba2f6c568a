import { describe, expect, it } from "vitest";
import { address } from "../src/api/school.ts";
import { kindOf } from "../src/features/school/audit/entries.ts";
import { recurrenceOf, repeatOf } from "../src/features/school/lessons/times.ts";
import { sectionsOf } from "../src/features/school/sections.ts";
import { schoolCatalogues } from "../src/i18n/school/index.ts";
import { decode } from "../src/platform/files.ts";
import { parseRoute } from "../src/route.ts";

describe("addresses of endpoints", () => {
  it("take their parameters", () =>
    expect(address("GET /api/groups/{group}", { path: { group: "a b" } })).toBe("/api/groups/a%20b"));
  it("leave out what is not asked", () =>
    expect(address("GET /api/x", { query: { before: null, limit: 3 } })).toBe("/api/x?limit=3"));
});

describe("paths of pages", () => {
  it.each([
    ["/", "home"],
    ["/people", "school"],
    ["/groups/abc", "school"],
    ["/groups/abc/links", "school"],
    ["/lessons/abc", "ownLesson"],
    ["/welcome/abc", "welcome"],
    ["/welcome/%E0%A4%A", "unknown"],
    ["/lessons/abc/attendance", "school"],
    ["/groups/abc/attendance", "unknown"],
    ["/journal", "school"],
    ["/library", "school"],
    ["/library/abc", "school"],
    ["/library/abc/links", "unknown"],
    ["/people/abc", "unknown"],
    ["/nothing", "unknown"],
  ])("%s is %s", (path, page) => expect(parseRoute(path).page).toBe(page));
});

describe("sections", () => {
  const of = (...roles: Parameters<typeof sectionsOf>[0] extends ReadonlySet<infer R> ? R[] : never) =>
    sectionsOf(new Set(roles)).map(({ name }) => name);
  it("of a head are all", () =>
    expect(of("head")).toEqual([
      ...[
        "home",
        "lessons",
        "library",
        "journal",
        "people",
        "groups",
        "families",
        "consents",
        "audit",
        "data",
      ],
    ]));
  it("of a teacher are without the log", () => expect(of("teacher")).not.toContain("audit"));
  it("of a guardian are few", () => expect(of("guardian")).toEqual(["home", "lessons", "family"]));
  it("of nobody are none", () => expect(of()).toEqual([]));
});

describe("series", () => {
  it.each(["once", "daily", "weekdays", "weekly"] as const)("%s is read as it was written", (repeat) =>
    expect(repeatOf(recurrenceOf(repeat, "2026-12-31", null))).toBe(repeat),
  );
  it("keeps a rule that the form cannot say", () => {
    const rule = { frequency: "monthly" } as const;
    expect(repeatOf(rule)).toBe("other");
    expect(recurrenceOf("other", "", rule)).toBe(rule);
  });
});

describe("rosters", () => {
  it("are read as UTF-8, else as windows-1251", () => {
    expect(decode(new TextEncoder().encode("группа").buffer)).toBe("группа");
    expect(decode(new Uint8Array([0xe3, 0xf0, 0xf3, 0xef, 0xef, 0xe0]).buffer)).toBe("группа");
  });
  it("have faults in the reader's language", () => {
    const words = schoolCatalogues.ru.roster.messages;
    expect(words.REPEATED({ line: "7" })).toBe("То же, что в строке 7");
  });
});

it("sorts events of the log", () => {
  expect(kindOf("role_confirmed")).toBe("roles");
  expect(kindOf("signed_in")).toBe("entries");
  expect(kindOf("call_panic")).toBe("calls");
  expect(kindOf("family_exported")).toBe("consents");
  expect(kindOf("family_made")).toBe("groups");
  expect(kindOf("organisation_changed")).toBe("other");
});
