import { ConnectionError, DisconnectReason } from "livekit-client";
import { describe, expect, it } from "vitest";
import { currentPoll, mayOf, preferredIdentities, secondsUntil } from "../src/features/call/control/state.ts";
import { changes } from "../src/features/call/control/use-announcements.ts";
import { describeDisconnect } from "../src/features/call/disconnect.ts";
import { dealt } from "../src/features/call/host/groups-tool.tsx";
import { actionsFor } from "../src/features/call/host/person-actions.tsx";
import { describeConnectionError } from "../src/features/call/join-problem.ts";
import type { ParticipantView } from "../src/features/call/model.ts";
import { mainTileId, tilesOf } from "../src/features/call/tiles.ts";
import { controlCatalogues } from "../src/i18n/control/index.ts";
import { setLanguage } from "../src/i18n/index.ts";
import { inside, person } from "./control-fakes.ts";

const view = (identity: string, isLocal = false) =>
  ({ identity, name: identity, isLocal, camera: null, screen: null }) as unknown as ParticipantView;
const SILENT = { microphoneOn: false, cameraOn: false };
const ids = (...given: Parameters<typeof actionsFor>) => actionsFor(...given).map((action) => action.id);

describe("what one may do", () => {
  it("is everything where nobody leads", () => {
    expect(mayOf(null)).toEqual({ publish: true, unmute: true, show: true, share: true });
  });

  it("is not to undo a host, unless asked or allowed", () => {
    expect(mayOf(inside({}, { held: ["audio", "video"] }))).toMatchObject({ unmute: false, show: false });
    expect(mayOf(inside({}, { held: ["audio"], asked: ["audio"] })).unmute).toBe(true);
    expect(mayOf(inside({ self_unmute: true }, { held: ["audio"] })).unmute).toBe(true);
    expect(mayOf(inside({}, { power: "viewer" }))).toMatchObject({ publish: false, share: false });
  });
});

describe("who is large", () => {
  const people = [
    person("family:2"),
    person("staff:1", { power: "host" }),
    person("staff:2", { power: "cohost" }),
    person("family:1"),
  ];
  const views = [view("family:1:a", true), view("family:2:a"), view("staff:2:a"), view("staff:1:a")];

  it("the spotlight, then who leads, and never oneself", () => {
    expect(preferredIdentities(inside({ people }), views)).toEqual(["staff:1:a", "staff:2:a"]);
    const lit = inside({ people, spotlight: ["family:1", "family:2"] });
    expect(preferredIdentities(lit, views)[0]).toBe("family:2:a");
    expect(preferredIdentities(null, views)).toEqual([]);
  });

  it("the teacher before who speaks, a film or screen before the teacher, a pin before all", () => {
    const tiles = tilesOf(views);
    expect(mainTileId(tiles, null, "family:2:a", ["staff:1:a"])).toBe("camera:staff:1:a");
    const film = { ...view("film"), screen: { mirrored: false, paused: false } } as ParticipantView;
    const shown = tilesOf([...views, film]);
    expect(mainTileId(shown, null, "family:2:a", ["staff:1:a"])).toBe("screen:film");
    expect(mainTileId(shown, "camera:family:2:a", null, ["staff:1:a"])).toBe("camera:family:2:a");
  });
});

describe("what is said aloud", () => {
  setLanguage("en");
  const { en } = controlCatalogues;
  const said = (before: ReturnType<typeof inside>, after: ReturnType<typeof inside>) =>
    changes(before, after, 0);

  it("is what a host does to oneself", () => {
    expect(said(inside(), inside({}, { held: ["audio"] }))).toEqual([en.held.audioNow]);
    expect(said(inside({}, { held: ["audio"] }), inside())).toEqual([en.held.backNow]);
    expect(said(inside(), inside({}, { asked: ["audio"] }))).toEqual([en.asked.audio]);
    expect(said(inside({}, { hand: 3 }), inside({}, { hand: 2 }))).toEqual([en.hand.place(2)]);
    expect(said(inside(), inside({}, { reasons: ["panic"] }))).toEqual([en.frozen.panic]);
    expect(said(inside(), inside({ attended: false }))).toEqual([en.unattended.heading]);
    expect(said(inside({ attended: false }), inside())).toEqual([en.unattended.back]);
  });

  it("is who waits and who raises a hand, for who leads", () => {
    const people = [person("family:2", { name: "Lena" })];
    const before = inside({ people, lobby: [], hands: [] }, { power: "host" });
    const lobby = [{ person: "guest:1", name: "Kim", role: "guest", expected: false, since: 0 }];
    const after = inside({ people, lobby, hands: ["family:2"] }, { power: "host" });
    expect(said(before, after)).toEqual([en.people.arrived("Kim"), en.hand.raisedBy("Lena")]);
  });

  it("is nothing when nothing has changed", () => expect(said(inside(), inside())).toEqual([]));
});

describe("what a host may do", () => {
  it("depends on what the person does and who acts", () => {
    const host = inside({}, { person: "staff:1", power: "host" });
    const cohost = inside({}, { person: "staff:2", power: "cohost" });
    expect(ids(person("family:2"), host, { microphoneOn: true, cameraOn: true })).toEqual([
      "mute",
      "stop-camera",
      "spotlight",
      "screen",
      "direct",
      "pause",
      "make-cohost",
    ]);
    expect(ids(person("family:2"), cohost, SILENT)).not.toContain("make-cohost");
    expect(ids(person("staff:1", { power: "host" }), cohost, SILENT)).toEqual(["spotlight"]);
    expect(ids(person("staff:3", { power: "cohost" }), cohost, SILENT)).toEqual(["spotlight"]);
    expect(ids(person("family:3", { power: "viewer", hand: true }), host, SILENT)).toEqual([
      "promote",
      "lower-hand",
      "make-cohost",
    ]);
    const webinar = inside({ mode: "webinar" }, { person: "staff:1", power: "host" });
    expect(ids(person("family:2"), webinar, SILENT)).toContain("demote");
  });

  it("groups differ by one at most", () => {
    expect(dealt(["a", "b", "c", "d", "e"], 2)).toEqual([
      ["a", "c", "e"],
      ["b", "d"],
    ]);
  });
});

describe("small things", () => {
  it("the poll that counts is the newest open one", () => {
    const poll = (id: string, open: boolean) => ({ id, open }) as never;
    expect(currentPoll(inside({ polls: [poll("1", true), poll("2", false)] }))?.id).toBe("1");
    expect(currentPoll(inside({ polls: [poll("1", false), poll("2", false)] }))?.id).toBe("2");
    expect(currentPoll(inside())).toBeUndefined();
  });

  it("time is counted by the server's clock", () => {
    expect(secondsUntil(100, 40_000, 10_000)).toBe(50);
    expect(secondsUntil(100, 200_000, 0)).toBe(0);
  });

  it("to be removed from the lobby is to be refused", () => {
    expect(describeDisconnect(DisconnectReason.PARTICIPANT_REMOVED, true).kind).toBe("denied");
    expect(describeDisconnect(DisconnectReason.PARTICIPANT_REMOVED).kind).toBe("removed");
  });

  it("a locked or ended call says so", () => {
    const refused = (text: string) => describeConnectionError(ConnectionError.notAllowed(text, 401));
    expect(refused("the call is locked")).toEqual({ kind: "locked", code: "CALL_LOCKED" });
    expect(refused("the call has ended")).toEqual({ kind: "callEnded", code: "CALL_ENDED" });
    expect(refused("you were removed from this call")).toEqual({ kind: "removed", code: "REMOVED" });
    expect(refused("invalid token").kind).toBe("linkNotFound");
  });
});
