import { signal } from "@preact/signals";
import { cleanup, render } from "@testing-library/preact";
import { afterEach, expect, it } from "vitest";
import { Banners } from "../src/features/call/banners.tsx";
import { parseDataSaving } from "../src/features/call/data-saving.ts";
import type { Call } from "../src/features/call/model.ts";
import { setLanguage } from "../src/i18n/index.ts";

afterEach(cleanup);

const told = (text: string) => parseDataSaving(new TextEncoder().encode(text));

it("believes what the server says of saving, and nothing else", () => {
  expect(told('{"saving": true, "spent_bytes": 1, "budget_bytes": 2}')).toBe(true);
  expect(told('{"saving": false}')).toBe(false);
  for (const other of ["", "{", "null", "[]", '{"saving": "true"}', '{"saved": true}']) {
    expect(told(other)).toBe(false);
  }
});

for (const [language, words] of [
  ["ru", "Экономим трафик"],
  ["en", "Saving data"],
] as const) {
  it(`shows a note while data is saved (${language})`, () => {
    setLanguage(language);
    const call = {
      phase: signal({ kind: "connected" }),
      verdict: signal(null),
      trouble: signal(null),
      audioBlocked: signal(false),
      savingData: signal(true),
      secrecy: signal(null),
    } as unknown as Call;
    const shown = render(<Banners call={call} local={undefined} />);
    expect(shown.getByTestId("saving-data").textContent).toContain(words);
  });
}
