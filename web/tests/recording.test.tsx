import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { beforeEach, describe, expect, it } from "vitest";
import type { Control, Inside, Recording } from "../src/features/call/control/model.ts";
import { namesOf, RecordingBanners } from "../src/features/call/control/recording.tsx";
import { changes } from "../src/features/call/control/use-announcements.ts";
import { RecordingTool } from "../src/features/call/host/recording-tool.tsx";
import { c } from "../src/i18n/control/index.ts";
import { inside, person } from "./control-fakes.ts";

const OFF: Recording = inside().recording;
const ASKED: Recording = {
  ...OFF,
  allowed: true,
  state: "asking",
  you: { asked: true, agreed: null, held: false, included: false },
  waiting_for: 2,
};
const AGREED: Recording["you"] = { asked: true, agreed: true, held: false, included: false };

function control(): Control & { sent: unknown[] } {
  const sent: unknown[] = [];
  return {
    snapshot: signal(null),
    messages: signal([]),
    reactions: signal([]),
    refused: signal(null),
    clockOffsetMs: signal(0),
    send: async (command) => sent.push(command) > 0,
    dismissRefused: () => {},
    people: async () => null,
    films: async () => [],
    subtitles: async () => [],
    sent,
  };
}

let page: HTMLElement;
beforeEach(() => {
  document.body.innerHTML = "";
  page = document.createElement("div");
  document.body.append(page);
});

const find = (id: string) => page.querySelector<HTMLElement>(`[data-testid=${id}]`);
const press = (id: string) => act(() => find(id)?.click());
const host = (recording: Recording, more: Partial<Inside> = {}) =>
  inside({ recording, ...more }, { power: "host" });

describe("what is said of a recording", () => {
  const show = (snapshot: Inside, made = control()) => {
    act(() => render(<RecordingBanners control={made} snapshot={snapshot} />, page));
    return made;
  };

  it("is nothing while there is none", () => {
    show(inside());
    expect(page.textContent).toBe("");
  });

  it("asks, and either answer is one press away", () => {
    const made = show(inside({ recording: ASKED }));
    expect(page.textContent).toContain(c().recording.excluded);
    expect(find("recording-banner")).toBeNull();
    press("recording-agree");
    press("recording-refuse");
    expect(made.sent).toEqual([
      { type: "recording_consent", agreed: true },
      { type: "recording_consent", agreed: false },
    ]);
  });

  it("tells who comes late that nobody sees and hears it yet, and that it would be in it", () => {
    const you = { asked: true, agreed: null, held: true, included: true };
    show(inside({ recording: { ...ASKED, state: "running", you } }));
    expect(find("recording-banner")).not.toBeNull();
    expect(find("recording-held")).not.toBeNull();
    expect(page.textContent).toContain(c().recording.included);
  });

  it("is a banner for viewers, too, who are asked nothing", () => {
    const you = { asked: false, agreed: null, held: false, included: false };
    show(inside({ recording: { ...ASKED, state: "running", you } }, { power: "viewer" }));
    expect(find("recording-banner")?.textContent).toBe(c().recording.on);
    expect(find("recording-question")).toBeNull();
  });

  it("can be withdrawn from, and agreed to again", () => {
    const made = show(inside({ recording: { ...ASKED, state: "running", you: AGREED } }));
    press("recording-withdraw");
    show(inside({ recording: { ...ASKED, state: "paused", you: { ...AGREED, agreed: false } } }), made);
    expect(page.textContent).toContain(c().recording.youRefused);
    press("recording-change");
    expect(made.sent).toEqual([
      { type: "recording_consent", agreed: false },
      { type: "recording_consent", agreed: true },
    ]);
  });

  it("names who is waited for to who leads", () => {
    const people = [person("family:1", { name: "Ли" })];
    show(host({ ...ASKED, you: AGREED, waiting: ["family:1"], refused: [] }, { people }));
    expect(find("recording-asking")?.textContent).toContain(c().recording.waiting("Ли"));
    const many = Array.from({ length: 8 }, (_, number) => `family:${number}`);
    expect(namesOf(inside(), many)).toContain(c().recording.more(3));
  });
});

describe("the host's tool", () => {
  const show = (snapshot: Inside) => {
    const made = control();
    act(() => render(<RecordingTool control={made} snapshot={snapshot} />, page));
    return made;
  };

  it("is not there where nothing may be recorded", () => {
    show(host(OFF));
    expect(page.textContent).toBe("");
  });

  it("asks after a second look", () => {
    const made = show(host({ ...OFF, allowed: true }));
    press("recording-ask");
    expect(made.sent).toEqual([]);
    act(() => document.querySelector<HTMLElement>("[data-testid=recording-confirm-yes]")?.click());
    expect(made.sent).toEqual([{ type: "recording_ask" }]);
  });

  it("goes on only when nobody is left who does not agree", () => {
    const paused: Recording = { ...ASKED, state: "paused", you: AGREED, waiting_for: 0 };
    show(host({ ...paused, waiting: [], refused: ["family:1"] }));
    expect(find("recording-resume")).toBeNull();
    const made = show(host({ ...paused, waiting: [], refused: [] }));
    press("recording-resume");
    press("recording-stop");
    expect(made.sent).toEqual([{ type: "recording_start" }, { type: "recording_stop" }]);
  });
});

it("screen readers hear that it begins, stands and is over", () => {
  const at = (recording: Recording) => inside({ recording });
  const running: Recording = { ...ASKED, state: "running", you: AGREED };
  const words = c().recording;
  expect(changes(at(OFF), at(ASKED), 0)).toEqual([words.question]);
  expect(changes(at(ASKED), at(running), 0)).toEqual([words.on]);
  expect(changes(at(running), at({ ...running, state: "paused" }), 0)).toEqual([words.paused]);
  expect(changes(at(running), at(OFF), 0)).toEqual([words.ended]);
  expect(changes(at(ASKED), at(OFF), 0)).toEqual([]);
});
