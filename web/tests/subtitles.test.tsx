import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../src/api/http.ts";
import { CallControl } from "../src/features/call/control/client.ts";
import type { Control, Cue, Film } from "../src/features/call/control/model.ts";
import {
  cuesAt,
  Subtitles,
  SubtitlesChoice,
  shownLanguage,
} from "../src/features/call/control/subtitles.tsx";
import { readStored } from "../src/platform/storage.ts";
import { chooseSubtitles, subtitlesLanguage } from "../src/platform/subtitles.ts";
import { FILM as SILENT, token } from "./control-fakes.ts";

const FILM: Film = { ...SILENT, subtitles: ["ru", "en"] };

const CUES: readonly Cue[] = [
  { start: 10_500, end: 12_000, text: "one" },
  { start: 11_000, end: 13_000, text: "<b>two</b>" },
  { start: 40_000, end: 41_000, text: "far" },
];

const page = document.createElement("div");
let answers: (readonly Cue[] | null)[] = [];
const asked: string[] = [];

const control = {
  clockOffsetMs: signal(0),
  subtitles: async (language: string) => {
    asked.push(language);
    return answers.length > 1 ? (answers.shift() ?? null) : (answers[0] ?? null);
  },
} as unknown as Control;

async function show(film: Film): Promise<void> {
  await act(async () => render(<Subtitles film={film} control={control} />, page));
}

async function pass(ms: number): Promise<void> {
  await act(async () => void (await vi.advanceTimersByTimeAsync(ms)));
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  answers = [CUES];
  asked.length = 0;
  chooseSubtitles("en");
});

afterEach(() => {
  act(() => render(null, page));
  vi.useRealTimers();
});

describe("which cues are read", () => {
  it("at every moment, and until when", () => {
    expect(cuesAt(CUES, 10_499)).toEqual({ text: "", until: 10_500 });
    expect(cuesAt(CUES, 10_500)).toEqual({ text: "one", until: 11_000 });
    expect(cuesAt(CUES, 11_000)).toEqual({ text: "one\n<b>two</b>", until: 12_000 });
    expect(cuesAt(CUES, 12_000)).toEqual({ text: "<b>two</b>", until: 13_000 });
    expect(cuesAt(CUES, 41_000)).toEqual({ text: "", until: Infinity });
  });

  it("in the wanted language, else in one that there is", () => {
    expect(shownLanguage(FILM, null)).toBeNull();
    expect(shownLanguage(FILM, "en")).toBe("en");
    expect(shownLanguage(FILM, "tt")).toBe("ru");
    expect(shownLanguage({ ...FILM, subtitles: [] }, "en")).toBeNull();
  });
});

describe("over the picture", () => {
  it("they follow the film, and one that stands", async () => {
    await show(FILM);
    expect(page.textContent).toBe("");
    await pass(500);
    expect(page.textContent).toBe("one");
    expect(page.querySelector("p")?.lang).toBe("en");
    await pass(500);
    expect(page.textContent).toBe("one\n<b>two</b>");
    await show({ ...FILM, moving: false, position_s: 11, at: 1_001 });
    await pass(60_000);
    expect(page.textContent).toBe("one\n<b>two</b>");
    expect(asked).toEqual(["en"]);
  });

  it("they are where the film was moved to", async () => {
    await show(FILM);
    await show({ ...FILM, position_s: 40.5 });
    expect(page.textContent).toBe("far");
    await pass(500);
    expect(page.textContent).toBe("");
    await show({ ...FILM, position_s: 10.5, at: 1_000.5 });
    expect(page.textContent).toBe("one");
  });

  it("they are asked for again after a failure, and for another film", async () => {
    answers = [null, CUES];
    await show({ ...FILM, moving: false, position_s: 40 });
    expect(page.textContent).toBe("");
    await pass(5000);
    expect(page.textContent).toBe("far");
    await show({ ...FILM, moving: false, position_s: 40, identity: "film:2" });
    expect(asked).toEqual(["en", "en", "en"]);
  });

  it("nothing is asked for by who has not switched them on", async () => {
    chooseSubtitles(null);
    await show(FILM);
    await pass(2000);
    expect([asked, page.textContent]).toEqual([[], ""]);
  });
});

describe("the choice", () => {
  it("is remembered by the device", () => {
    act(() => render(<SubtitlesChoice film={FILM} />, page));
    const select = page.querySelector("select");
    expect([...(select?.options ?? [])].map((option) => option.value)).toEqual(["", "ru", "en"]);
    expect(select?.value).toBe("en");
    if (select) select.value = "ru";
    act(() => void select?.dispatchEvent(new Event("change", { bubbles: true })));
    expect([subtitlesLanguage.value, readStored("subtitles")]).toEqual(["ru", "ru"]);
    if (select) select.value = "";
    act(() => void select?.dispatchEvent(new Event("change", { bubbles: true })));
    expect([subtitlesLanguage.value, readStored("subtitles")]).toEqual([null, null]);
  });

  it("is not offered for a film without text", () => {
    act(() => render(<SubtitlesChoice film={{ ...FILM, subtitles: [] }} />, page));
    expect(page.querySelector("select")).toBeNull();
  });
});

it("the text is asked for with the token, and a refusal is no error", async () => {
  const ask = vi.fn(async (_path: string, _init?: RequestInit): Promise<unknown> => ({ cues: CUES }));
  const made = new CallControl(token(), ask);
  expect(await made.subtitles("ru")).toEqual(CUES);
  expect(ask.mock.calls[0]?.[0]).toContain("/subtitles?language=ru");
  expect(ask.mock.calls[0]?.[1]?.headers).toHaveProperty("authorization");
  ask.mockRejectedValueOnce(new ApiError(409, "NO_FILM", ""));
  expect(await made.subtitles("ru")).toBeNull();
});
