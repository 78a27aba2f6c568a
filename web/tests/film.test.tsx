import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { CallControl } from "../src/features/call/control/client.ts";
import { FilmBar } from "../src/features/call/control/film-bar.tsx";
import type { Control, Film } from "../src/features/call/control/model.ts";
import { filmPosition } from "../src/features/call/control/state.ts";
import { FilmControls } from "../src/features/call/host/film-controls.tsx";
import type { ParticipantView } from "../src/features/call/model.ts";
import { mainTileId, tilesOf } from "../src/features/call/tiles.ts";
import { FILM, inside, token } from "./control-fakes.ts";

function person(identity: string, screen = false): ParticipantView {
  const picture = { source: { attach: () => {}, detach: () => {} }, mirrored: false, paused: false };
  return {
    identity,
    name: identity,
    badge: "",
    isLocal: false,
    watches: false,
    microphoneOn: true,
    speaking: false,
    quality: "excellent",
    camera: null,
    screen: screen ? picture : null,
  };
}

function control(): Control & { sent: unknown[] } {
  const sent: unknown[] = [];
  const empty = { messages: signal([]), reactions: signal([]), refused: signal(null) };
  const send = async (command: unknown) => {
    sent.push(command);
    return true;
  };
  return {
    ...empty,
    snapshot: signal(inside({ film: FILM })),
    clockOffsetMs: signal(0),
    send,
    dismissRefused: () => {},
    people: async () => null,
    films: async () => [],
    subtitles: async () => [],
    sent,
  };
}

describe("where a film is", () => {
  it("goes on with the server's clock, not with this device's", () => {
    expect(filmPosition(FILM, 1_005_000, 0)).toBe(15);
    expect(filmPosition(FILM, 5_000, 1_000_000)).toBe(15);
    expect(filmPosition({ ...FILM, moving: false }, 1_005_000, 0)).toBe(10);
  });

  it("stays within the film", () => {
    expect(filmPosition(FILM, 9_000_000, 0)).toBe(100);
    expect(filmPosition(FILM, 0, 0)).toBe(0);
  });
});

describe("a film among the tiles", () => {
  it("is the largest, before a shared screen, and no person", () => {
    const tiles = tilesOf([person("a", true), person("film:1", true)], "film:1");
    expect(tiles.map((tile) => tile.id)).toEqual(["film:film:1", "screen:a", "camera:a"]);
    expect(mainTileId(tiles, null, "a")).toBe("film:film:1");
  });

  it("is only what the server calls so, whatever somebody is called", () => {
    expect(tilesOf([person("film:1", true)], null).map((tile) => tile.kind)).toEqual(["screen", "camera"]);
  });
});

describe("what is shown of a film", () => {
  let page: HTMLElement;
  beforeEach(() => {
    document.body.innerHTML = "";
    page = document.createElement("div");
    document.body.append(page);
    vi.setSystemTime(1_000_000);
  });

  it("has a seal only where the server says that it is verified", () => {
    act(() => render(<FilmBar film={FILM} control={control()} />, page));
    expect(page.querySelector("[data-testid=film-verified]")).not.toBeNull();
    expect(page.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow")).toBe("10");
    act(() => render(<FilmBar film={{ ...FILM, verified: false }} control={control()} />, page));
    expect(page.querySelector("[data-testid=film-verified]")).toBeNull();
  });

  it("is a page of so many, turned by buttons and arrows", () => {
    const made = control();
    const pages = { ...FILM, pages: 3, duration_s: 3, moving: false, playing: false, position_s: 1 };
    const draw = (film: Film) =>
      act(() =>
        render(
          <FilmBar film={film} control={made}>
            <FilmControls film={film} control={made} />
          </FilmBar>,
          page,
        ),
      );
    const press = (key: string, target: EventTarget = document.body) =>
      act(() => void target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })));
    draw(pages);
    expect(page.querySelector("[data-testid=page-place]")?.textContent).toMatch(/2\D+3/);
    expect(page.querySelector("[data-testid=film-play], [data-testid=film-volume]")).toBeNull();
    act(() => page.querySelector<HTMLElement>("[data-testid=page-next]")?.click());
    draw({ ...pages, position_s: 2 });
    press("ArrowRight");
    press("ArrowLeft");
    press("PageUp");
    const field = document.createElement("input");
    page.append(field);
    press("ArrowLeft", field);
    expect(made.sent).toEqual([2, 1, 0].map((position_s) => ({ type: "film_seek", position_s })));
    draw(FILM);
    press("ArrowRight");
    expect(made.sent).toHaveLength(3);
  });

  it("is moved by hosts", () => {
    const made = control();
    act(() => render(<FilmControls film={FILM} control={made} />, page));
    act(() => page.querySelector<HTMLElement>("[data-testid=film-pause]")?.click());
    const slider = page.querySelector<HTMLInputElement>("[data-testid=film-position]");
    if (slider) slider.value = "42";
    act(() => void slider?.dispatchEvent(new Event("change", { bubbles: true })));
    const volume = page.querySelector<HTMLInputElement>("[data-testid=film-volume]");
    if (volume) volume.value = "50";
    act(() => void volume?.dispatchEvent(new Event("change", { bubbles: true })));
    expect(made.sent).toEqual([
      { type: "film_pause" },
      { type: "film_seek", position_s: 42 },
      { type: "film_volume", volume: 0.5 },
    ]);
  });
});

it("films are asked for by what somebody types", async () => {
  const ask = vi.fn(async () => ({ films: [FILM] }));
  const films = await new CallControl(token(), ask).films("ёж & лес");
  expect(films).toEqual([FILM]);
  expect(ask.mock.calls[0]?.[0 as never]).toContain("/films?q=%D1%91%D0%B6%20%26%20%D0%BB%D0%B5%D1%81");
});
