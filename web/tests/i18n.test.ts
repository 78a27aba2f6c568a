import { describe, expect, it } from "vitest";
import { catalogues, chooseLanguage } from "../src/i18n/index.ts";
import { libraryCatalogues } from "../src/i18n/library/index.ts";
import { schoolCatalogues } from "../src/i18n/school/index.ts";
import { sealCatalogues } from "../src/i18n/seal/index.ts";

function paths(value: unknown, at = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${at}:${typeof value}`];
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, `${at}/${key}`));
}

describe.each([
  ["first screen", catalogues],
  ["school", schoolCatalogues],
  ["library", libraryCatalogues],
  ["seal", sealCatalogues],
])("catalogues of the %s", (_, known) => {
  it("have the same keys in both languages", () => {
    expect(paths(known.en).sort()).toEqual(paths(known.ru).sort());
  });

  it("have no empty text", () => {
    const empty = (value: unknown): boolean =>
      typeof value === "string"
        ? value.trim() === ""
        : typeof value === "object" && value !== null && Object.values(value).some(empty);
    expect(empty(known.ru)).toBe(false);
    expect(empty(known.en)).toBe(false);
  });
});

describe("the first language", () => {
  it("is the stored one", () => expect(chooseLanguage("en", ["ru-RU"])).toBe("en"));
  it("is Russian for a Russian browser", () => expect(chooseLanguage(null, ["ru-RU", "en"])).toBe("ru"));
  it("is English for everybody else", () => expect(chooseLanguage(null, ["fr-FR"])).toBe("en"));
});
