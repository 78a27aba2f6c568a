import { describe, expect, it } from "vitest";
import { basisOf, basisText, endOfDay, lastDay } from "../src/features/school/library/basis.ts";
import { NOTHING_WANTED, queryOf } from "../src/features/school/library/filters.tsx";
import { left, refusal } from "../src/features/school/library/uploads.ts";
import { clock, rough } from "../src/features/school/library/words.ts";
import { schoolCatalogues } from "../src/i18n/school/index.ts";

describe("the basis of content", () => {
  it.each([
    ["list", "12.3"],
    ["minutes", "№ 4 от 1 сентября"],
  ] as const)("of kind %s is read as it was written", (kind, text) =>
    expect(basisOf(basisText(kind, text))).toEqual({ kind, text }),
  );
  it("stays empty without a number", () => expect(basisText("list", "  ")).toBe(""));
  it("of other words is not said twice", () => {
    const line = "протокол педсовета № 3";
    expect(basisText(basisOf(line).kind, basisOf(line).text)).toBe(line);
  });
});

describe("the last day", () => {
  it.each(["2026-11-29", "2026-12-31", "2028-02-29", "2026-03-29", "2026-10-25"])("%s is kept", (day) =>
    expect(lastDay(endOfDay(day))).toBe(day),
  );
});

describe("what is looked for", () => {
  it("is nothing at first", () => {
    expect(queryOf(NOTHING_WANTED)).toEqual({
      query: "",
      state: null,
      programme: null,
      age_mark: null,
      group: null,
    });
  });
  it("has a mark of 0, too", () => expect(queryOf({ ...NOTHING_WANTED, ageMark: "0" }).age_mark).toBe(0));
});

describe("an upload that the server refused", () => {
  const answered = (status: number, body: string) =>
    refusal(
      Object.assign(new Error("tus"), {
        originalRequest: null,
        originalResponse: { getStatus: () => status, getBody: () => body, getHeader: () => undefined },
        causingError: null,
      }) as never,
    );
  it("has the server's code", () =>
    expect(answered(415, '{"error": {"code": "WRONG_TYPE", "message": "x"}}').code).toBe("WRONG_TYPE"));
  it("goes on where a proxy answered for a server that restarts", () =>
    expect(answered(502, "<html>").code).toBe("NETWORK"));
  it("goes on without an answer", () => expect(refusal(new Error("no network")).code).toBe("NETWORK"));
  it.each(["WRONG_TYPE", "FILE_TOO_LARGE", "QUOTA", "DISK_FULL", "TOO_MANY_UPLOADS", "BUSY"])(
    "has words for %s",
    (code) => {
      expect(schoolCatalogues.ru.problems[code]).toMatch(/[а-я]/);
      expect(schoolCatalogues.en.problems[code]).toMatch(/[a-z]/);
    },
  );
});

describe("the time that is left", () => {
  it("follows the speed of the last moments", () =>
    expect(
      left(
        [
          [0, 0],
          [2000, 1000],
        ],
        4000,
      ),
    ).toBe(6));
  it("is not told at once", () => expect(left([[0, 0]], 10)).toBeNull());
  it("is not told while nothing moves", () =>
    expect(
      left(
        [
          [0, 5],
          [2000, 5],
        ],
        10,
      ),
    ).toBeNull());
});

it("tells times", () => {
  expect(clock(62.9)).toBe("1:02");
  expect(clock(3723)).toBe("1:02:03");
  expect(rough(59.2)).toMatch(/60/);
  expect(rough(61)).toMatch(/^2 /);
  expect(rough(3661)).toMatch(/^1 .* 2 /);
});
