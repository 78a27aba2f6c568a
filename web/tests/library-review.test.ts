import { describe, expect, it } from "vitest";
import type { ContentAnswer, FindingAnswer, ReportAnswer } from "../src/api/schema.ts";
import { isWhole, measured, results } from "../src/features/school/library/findings.ts";
import { isOwn, missing, stepsOf } from "../src/features/school/library/review.ts";
import { libraryCatalogues } from "../src/i18n/library/index.ts";

const CONTENT: ContentAnswer = {
  id: "c",
  organisation: "o",
  kind: "film",
  title: "Hedgehog",
  description: "",
  programme: "basic",
  age_mark: 0,
  age: null,
  licence: "CC BY 4.0",
  basis: "minutes 4",
  valid_until: null,
  groups: [],
  state: "draft",
  badge: false,
  revision: 1,
  remark: null,
  file_name: "a.mp4",
  media_type: "video/mp4",
  size: 9,
  duration_s: 2,
  pages: 0,
  preparation: { state: "ready", step: null, done: null, failure: null },
  upload: null,
  created_at: "2026-11-29T10:00:00Z",
  created_by: null,
  submitted_at: null,
  verified_at: null,
  verified_by: null,
  ended_at: null,
  seal_broken_at: null,
  may: ["change"],
};
const NOW = new Date("2026-11-29T12:00:00Z");
const offered = (change: Partial<ContentAnswer>) =>
  Object.entries(stepsOf({ ...CONTENT, ...change }))
    .filter(([, may]) => may)
    .map(([step]) => step);

describe("what a draft still needs", () => {
  it("is nothing when all is there", () => expect(missing(CONTENT, NOW)).toEqual([]));
  it("is told in the order in which it is done", () =>
    expect(
      missing(
        {
          ...CONTENT,
          licence: " ",
          basis: "",
          valid_until: "2026-11-29T11:00:00Z",
          preparation: { ...CONTENT.preparation, state: "refused" },
        },
        NOW,
      ),
    ).toEqual(["file", "licence", "basis", "valid"]));
});

describe("steps", () => {
  it("of an author", () => {
    expect(offered({})).toEqual(["submit", "remove"]);
    expect(offered({ basis: "" })).toEqual(["remove"]);
    expect(offered({ state: "submitted" })).toEqual(["takeBack"]);
    expect(offered({ state: "verified" })).toEqual([]);
    expect(offered({ state: "withdrawn", verified_at: "2026-11-29T10:00:00Z" })).toEqual(["revise"]);
  });
  it("of who verifies what others made", () => {
    const may = ["change", "verify", "withdraw"] as const;
    expect(offered({ may, state: "submitted" })).toEqual(["giveBack", "verify"]);
    expect(offered({ may, state: "verified" })).toEqual(["withdraw"]);
    expect(offered({ may, state: "expired", verified_at: "2026-11-29T10:00:00Z" })).toEqual([
      "revise",
      "remove",
    ]);
    expect(isOwn({ ...CONTENT, may })).toBe(false);
  });
  it("of who could verify but had a hand in it", () => {
    const may = ["change", "withdraw"] as const;
    expect(offered({ may, state: "submitted" })).toEqual(["takeBack", "giveBack"]);
    expect(isOwn({ ...CONTENT, may })).toBe(true);
  });
  it("of who only sees it are none", () => {
    for (const state of ["draft", "submitted", "verified", "withdrawn", "expired"] as const)
      expect(offered({ may: [], state })).toEqual([]);
  });
});

const REPORT: ReportAnswer = {
  medium: "film",
  acceptable: true,
  duration: 100,
  width: 640,
  height: 360,
  frame_rate: 25,
  channels: 2,
  loudness: null,
  findings: [],
  evidence: [],
};
const finding = (change: Partial<FindingAnswer>): FindingAnswer => ({
  code: "black",
  severity: "warning",
  start: 1,
  end: 5,
  value: 4,
  limit: 2,
  ...change,
});

describe("the report", () => {
  it("has a verdict of each check, also of those that found nothing", () => {
    const all = results(REPORT);
    expect(all).toHaveLength(Object.keys(libraryCatalogues.en.report.checks).length);
    expect(all.every(({ verdict }) => verdict === "good")).toBe(true);
  });
  it("begins with what must not be shown", () => {
    const findings = [
      finding({}),
      finding({ code: "flashes", severity: "error" }),
      finding({ code: "red_flashes", severity: "warning" }),
    ];
    const [first, second] = results({ ...REPORT, findings });
    expect(first).toMatchObject({ name: "flashes", verdict: "error" });
    expect(first?.found.map(({ code }) => code)).toEqual(["flashes", "red_flashes"]);
    expect(second).toMatchObject({ name: "black", verdict: "warning" });
  });
  it("of sound alone says nothing of pictures, of a mute film nothing of loudness", () => {
    const names = (report: Partial<ReportAnswer>) =>
      results({ ...REPORT, ...report }).map(({ name }) => name);
    expect(names({ medium: "sound" })).not.toContain("flashes");
    expect(names({ medium: "sound" })).toContain("loudness");
    expect(names({ channels: 0 })).not.toContain("loudness");
  });
  it("of pages says only how large they are", () =>
    expect(results({ ...REPORT, medium: "document", channels: 0 }).map(({ name }) => name)).toEqual([
      "picture",
    ]));
  it("shows every kind of finding somewhere", () => {
    const codes = Object.keys(libraryCatalogues.en.report.findings) as FindingAnswer["code"][];
    const findings = codes.map((code) => finding({ code }));
    const shown = results({ ...REPORT, findings }).flatMap(({ found }) => found.map(({ code }) => code));
    expect(new Set(shown)).toEqual(new Set(codes));
  });
  it("tells numbers beside their limits, and none of silence", () => {
    const told = (change: Partial<FindingAnswer>) =>
      measured({ code: "too_loud", severity: "warning", places: [finding(change)], ...change } as never);
    expect(told({ code: "too_loud", value: -9.26, limit: -14 })).toMatch(/-9[.,]3\sLUFS.*-14\sLUFS/);
    expect(told({ code: "duration", value: 1320, limit: 420 })).toMatch(/22:00.*7:00/);
    expect(told({ code: "too_quiet", value: null })).toBeNull();
    expect(told({ code: "flashes" })).toBeNull();
  });
  it("knows what is of the film as a whole", () => {
    expect(isWhole(finding({ start: 0, end: 100 }), 100)).toBe(true);
    expect(isWhole(finding({ start: 0, end: 5 }), 100)).toBe(false);
  });
});
