import { signal } from "@preact/signals";
import { cleanup, render } from "@testing-library/preact";
import { type Participant, type Room, Track } from "livekit-client";
import { afterEach, describe, expect, it } from "vitest";
import type { Call, CallPhase, ParticipantView, VideoView } from "../src/features/call/model.ts";
import { snapshotParticipants } from "../src/features/call/snapshot.ts";
import { Tile } from "../src/features/call/tile.tsx";
import { catalogues, setLanguage } from "../src/i18n/index.ts";

afterEach(cleanup);

const call = { phase: signal<CallPhase>({ kind: "connected" }) } as unknown as Call;

function show(paused: boolean): Element {
  const video: VideoView = { source: { attach: () => {}, detach: () => {} }, mirrored: false, paused };
  const participant = {
    identity: "anna",
    name: "Анна",
    quality: "excellent",
    camera: video,
  } as ParticipantView;
  const tile = { id: "camera:anna", kind: "camera" as const, participant, video };
  return render(<Tile tile={tile} call={call} pinned={false} main={false} onPin={() => {}} />).container;
}

describe("a paused picture", () => {
  for (const language of ["ru", "en"] as const) {
    it(`says why it stands, and keeps what it has shown (${language})`, () => {
      setLanguage(language);
      const shown = show(true);
      expect(shown.textContent).toContain(catalogues[language].call.pausedByLink);
      expect(shown.querySelector("video")).not.toBeNull();
      cleanup();
      expect(show(false).textContent).not.toContain(catalogues[language].call.pausedByLink);
    });
  }

  it("is one that the server paused for us, never our own", () => {
    const state = { value: Track.StreamState.Paused };
    const track = {
      mediaStreamTrack: { getSettings: () => ({}) },
      get streamState() {
        return state.value;
      },
    };
    const person = (identity: string, isLocal: boolean) =>
      ({
        identity,
        isLocal,
        attributes: {},
        getTrackPublication: (source: Track.Source) =>
          source === Track.Source.Camera ? { videoTrack: track, isMuted: false } : undefined,
      }) as unknown as Participant;
    const room = {
      localParticipant: person("me", true),
      remoteParticipants: new Map([["anna", person("anna", false)]]),
    } as unknown as Room;
    const before = snapshotParticipants(room, []);
    expect(before.map((view) => view.camera?.paused)).toEqual([false, true]);
    state.value = Track.StreamState.Active;
    const after = snapshotParticipants(room, before);
    expect(after.map((view) => view.camera?.paused)).toEqual([false, false]);
    expect(after[0]).toBe(before[0]);
  });
});
