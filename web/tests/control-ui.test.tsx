import { signal } from "@preact/signals";
import { cleanup, fireEvent, render } from "@testing-library/preact";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ControlBanners } from "../src/features/call/control/banners.tsx";
import type { Command, Inside, Refused } from "../src/features/call/control/model.ts";
import { Panel } from "../src/features/call/control/panel.tsx";
import { switchOn } from "../src/features/call/control/switch-on.ts";
import type { Call, Trouble } from "../src/features/call/model.ts";
import { controlCatalogues } from "../src/i18n/control/index.ts";
import { setLanguage } from "../src/i18n/index.ts";
import { inside } from "./control-fakes.ts";

setLanguage("en");
const { en } = controlCatalogues;
afterEach(cleanup);

function fakeCall(snapshot: Inside, fails: Trouble | null = null) {
  const sent: Command[] = [];
  const trouble = signal<Trouble | null>(null);
  const switched = vi.fn(async () => {
    trouble.value = fails;
  });
  const call = {
    trouble,
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
  const none = () => {};
  const shown = render(
    <ControlBanners
      call={call}
      snapshot={snapshot}
      poll={null}
      onLobby={none}
      onPoll={none}
      onExtend={none}
    />,
  );
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
  it("switches nothing on by itself, and is answered by switching on", async () => {
    const { call, sent, switched } = fakeCall(inside({}, { held: ["audio"], asked: ["audio"] }));
    expect(switched).not.toHaveBeenCalled();
    await switchOn(call, "audio");
    expect(switched).toHaveBeenCalledWith(true);
    expect(sent).toEqual([{ type: "answer", medium: "audio" }]);
  });

  it("stays when the device failed", async () => {
    const { call, sent } = fakeCall(inside({}, { asked: ["audio"] }), "microphone");
    await switchOn(call, "audio");
    expect(sent).toEqual([]);
  });

  it("is no answer where nobody has asked", async () => {
    const { call, sent } = fakeCall(inside());
    await switchOn(call, "video");
    expect(sent).toEqual([]);
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
