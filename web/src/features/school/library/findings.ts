import type { FindingAnswer, FindingCode, ReportAnswer, Severity } from "../../../api/schema.ts";
import { l } from "../../../i18n/library/index.ts";
import { clock, number, share } from "./words.ts";

export type CheckName = keyof ReturnType<typeof l>["report"]["checks"];
/** `good`: the check found nothing. */
export type Verdict = Severity | "good";

const CODES: Readonly<Record<CheckName, readonly FindingCode[]>> = {
  flashes: ["flashes", "red_flashes"],
  black: ["black"],
  frozen: ["frozen"],
  picture: ["resolution_low", "frame_rate_low"],
  sound: ["no_sound", "silence", "clipping", "sound_length"],
  loudness: ["too_loud", "too_quiet", "true_peak", "loudness_range"],
  duration: ["duration"],
  whole: ["truncated"],
};
const OF_PICTURES: ReadonlySet<CheckName> = new Set(["flashes", "black", "frozen", "picture"]);
const WORST: readonly Verdict[] = ["error", "warning", "note", "good"];

/** What one check found: by code, with every place. */
export interface Found {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly places: readonly FindingAnswer[];
}

export interface CheckResult {
  readonly name: CheckName;
  readonly verdict: Verdict;
  readonly found: readonly Found[];
}

function worst(verdicts: readonly Verdict[]): Verdict {
  return WORST.find((one) => verdicts.includes(one)) ?? "good";
}

/** Pages: nothing moves, nothing sounds. */
export function standsStill({ medium }: ReportAnswer): boolean {
  return medium === "image" || medium === "document";
}

/** All checks that were made of this file, the worst first. */
export function results(report: ReportAnswer): readonly CheckResult[] {
  const names = (Object.keys(CODES) as CheckName[]).filter((name) =>
    standsStill(report)
      ? name === "picture"
      : (report.medium === "film" || !OF_PICTURES.has(name)) && (report.channels > 0 || name !== "loudness"),
  );
  const all = names.map((name) => {
    const found = CODES[name]
      .map((code) => ({ code, places: report.findings.filter((one) => one.code === code) }))
      .filter(({ places }) => places.length > 0)
      .map((one) => ({ ...one, severity: worst(one.places.map(({ severity }) => severity)) as Severity }));
    return { name, found, verdict: worst(found.map(({ severity }) => severity)) };
  });
  return [...all].sort((a, b) => WORST.indexOf(a.verdict) - WORST.indexOf(b.verdict));
}

type Unit = keyof ReturnType<typeof l>["report"]["units"] | "share";

const UNITS: Readonly<Record<FindingCode, Unit>> = {
  flashes: "share",
  red_flashes: "share",
  black: "seconds",
  frozen: "seconds",
  silence: "seconds",
  clipping: "samples",
  too_loud: "lufs",
  too_quiet: "lufs",
  true_peak: "dbtp",
  loudness_range: "lu",
  no_sound: "seconds",
  sound_length: "seconds",
  resolution_low: "lines",
  frame_rate_low: "fps",
  duration: "seconds",
  truncated: "seconds",
};
/** Their place is all that matters, or they have no number at all. */
const WITHOUT_NUMBER: ReadonlySet<FindingCode> = new Set(["no_sound", "flashes", "red_flashes", "clipping"]);

function told(unit: Unit, value: number): string {
  return unit === "share" ? share(value) : l().report.units[unit](number(value));
}

/** The number beside its limit, of the first place; null where there is none to tell. */
export function measured(found: Found): string | null {
  const [first] = found.places;
  if (!first || first.value === null || WITHOUT_NUMBER.has(found.code)) return null;
  const unit = UNITS[found.code];
  if (found.code === "duration") return l().report.measured(clock(first.value), clock(first.limit));
  return l().report.measured(told(unit, first.value), told(unit, first.limit));
}

/** Whether it is of the film as a whole, and not of a moment. */
export function isWhole(place: FindingAnswer, duration: number): boolean {
  return place.start === 0 && place.end >= duration - 0.05;
}
