import { signal } from "@preact/signals";
import { cleanup, fireEvent, render } from "@testing-library/preact";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ControlBanners } from "../src/features/call/control/banners.tsx";
import type { Command, Inside, Refused, ScreenTime } from "../src/features/call/control/model.ts";
import { Panel } from "../src/features/call/control/panel.tsx";
import { ExtendDialog } from "../src/features/call/host/extend-dialog.tsx";
import type { Call } from "../src/features/call/model.ts";
import { controlCatalogues } from "../src/i18n/control/index.ts";
import { setLanguage } from "../src/i18n/index.ts";
import { inside } from "./control-fakes.ts";

setLanguage("en");
const { en } = controlCatalogues;
afterEach(cleanup);

const none = () => {};
const NOTHING = { poll: null, onLobby: none, onPoll: none, onExtend: none };

function fakeCall(snapshot: Inside) {
  const sent: Command[] = [];
  const switched = vi.fn(async () => {});
  const call = {
    setMicrophone: switched,
    setCamera: switched,
    control: {
      snapshot: signal(snapshot),
      refused: signal<Refused | null>(null),
      clockOffsetMs: signal(0),
      send: async (command: Command) => {
        sent.push(command);
        return true;
      },
    },
  } as unknown as Call;
  return { call, sent, switched };
}

function banners(snapshot: Inside): string {
  const { call } = fakeCall(snapshot);
  const shown = render(<ControlBanners call={call} snapshot={snapshot} {...NOTHING} />);
  return shown.container.textContent ?? "";
}

describe("a panel", () => {
  it("closes on Escape, but not when a dialog inside does", () => {
    const onClose = vi.fn();
    const shown = render(
      <Panel title="People" testId="panel" onClose={onClose}>
        <button type="button">in</button>
        <dialog open>
          <button type="button">deep</button>
        </dialog>
      </Panel>,
    );
    fireEvent.keyDown(shown.getByText("deep"), { key: "Escape" });
    expect(onClose).not.toHaveBeenCalled();
    fireEvent.keyDown(shown.getByText("in"), { key: "Escape" });
    expect(onClose).toHaveBeenCalledOnce();
  });
});

describe("being asked", () => {
  it("switches nothing on by itself; the server notices who does", () => {
    const { call, sent, switched } = fakeCall(inside({}, { held: ["audio"], asked: ["audio"] }));
    const shown = render(
      <ControlBanners call={call} snapshot={call.control.snapshot.value as Inside} {...NOTHING} />,
    );
    expect(switched).not.toHaveBeenCalled();
    fireEvent.click(shown.getByTestId("asked-audio-yes"));
    expect(switched).toHaveBeenCalledWith(true);
    expect(sent).toEqual([]);
    fireEvent.click(shown.getByTestId("asked-audio-no"));
    expect(sent).toEqual([{ type: "answer", medium: "audio" }]);
  });
});

describe("what a host has done is said in words", () => {
  it("to the person, one thing at a time", () => {
    expect(banners(inside({}, { held: ["audio"] }))).toBe(en.held.audio);
    expect(banners(inside({}, { held: ["audio"], hand: 2 }))).toBe(en.hand.place(2));
    expect(banners(inside({ panic: true }, { held: ["audio"], reasons: ["panic"] }))).toBe(en.frozen.panic);
    expect(banners(inside({}, { frozen: ["video"] }))).toBe(en.frozen.video);
    expect(banners(inside({}, { power: "viewer" }))).toBe(en.stage.viewer);
  });

  it("to who leads, with the way back", () => {
    const words = banners(inside({ panic: true }, { power: "host", reasons: [] }));
    expect(words).toBe(`${en.panic.active}${en.panic.undo}`);
  });
});

describe("how long children look at a screen", () => {
  const film: ScreenTime = {
    kind: "film",
    phase: "over",
    on: true,
    ends_at: Date.now() / 1000 - 30,
    stops_at: Date.now() / 1000 + 29.5,
    left_minutes: null,
    extended_minutes: 0,
  };

  it("is said to who leads, and a host goes on with a reason", async () => {
    const snapshot = inside({ screen_time: [film] }, { power: "host" });
    const { call, sent } = fakeCall(snapshot);
    const onExtend = vi.fn();
    const shown = render(<ControlBanners call={call} snapshot={snapshot} {...NOTHING} onExtend={onExtend} />);
    expect(shown.getByTestId("screen-time-film").textContent).toContain("stops in 0:");
    fireEvent.click(shown.getByTestId("extend-screen"));
    expect(onExtend).toHaveBeenCalledWith("film");
    const dialog = render(<ExtendDialog control={call.control} screen="film" onClose={none} />);
    fireEvent.input(dialog.getByTestId("extend-reason"), { target: { value: "the end is near" } });
    fireEvent.click(dialog.getByTestId("extend-submit"));
    await vi.waitFor(() =>
      expect(sent).toEqual([{ type: "extend_screen", kind: "film", minutes: 5, reason: "the end is near" }]),
    );
  });

  it("is no matter while there is time, or while nobody looks", () => {
    const lead = { power: "cohost" } as const;
    expect(banners(inside({ screen_time: [{ ...film, phase: "running" }] }, lead))).toBe("");
    expect(banners(inside({ screen_time: [{ ...film, on: false }] }, lead))).toBe("");
    const stopped = inside({ screen_time: [{ ...film, on: false, phase: "stopped" }] }, lead);
    expect(banners(stopped)).toBe(en.screenTime.stopped("Film"));
  });

  it("is told to families once the picture stands", () => {
    expect(banners(inside({ screen_stopped: ["film"] }))).toBe(en.screenTime.rest);
  });
});
