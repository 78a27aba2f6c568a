import {
  type Participant,
  type RemoteParticipant,
  type Room,
  Track,
  type TrackPublication,
  type VideoTrack,
} from "livekit-client";
import type { ParticipantView, VideoView } from "./model.ts";

function videoOf(participant: Participant, source: Track.Source): VideoView | null {
  const publication: TrackPublication | undefined = participant.getTrackPublication(source);
  const track = publication?.videoTrack as VideoTrack | undefined;
  if (!publication || !track || publication.isMuted) return null;
  const facing = track.mediaStreamTrack.getSettings().facingMode;
  return {
    source: track,
    mirrored: participant.isLocal && source === Track.Source.Camera && facing !== "environment",
    paused: !participant.isLocal && track.streamState === Track.StreamState.Paused,
  };
}

/** Set by the server only: no client may change its attributes. */
const BADGE = "polyana.badge";

function viewOf(participant: Participant): ParticipantView {
  return {
    identity: participant.identity,
    name: participant.name || participant.identity,
    badge: participant.attributes[BADGE] ?? "",
    isLocal: participant.isLocal,
    watches: participant.permissions?.canPublish === false,
    microphoneOn: participant.isMicrophoneEnabled,
    speaking: participant.isSpeaking,
    quality: participant.connectionQuality,
    camera: videoOf(participant, Track.Source.Camera),
    screen: videoOf(participant, Track.Source.ScreenShare),
  };
}

function sameVideo(a: VideoView | null, b: VideoView | null): boolean {
  return (
    a === b || (!!a && !!b && a.source === b.source && a.mirrored === b.mirrored && a.paused === b.paused)
  );
}

function sameView(a: ParticipantView, b: ParticipantView): boolean {
  return (
    a.name === b.name &&
    a.badge === b.badge &&
    a.watches === b.watches &&
    a.microphoneOn === b.microphoneOn &&
    a.speaking === b.speaking &&
    a.quality === b.quality &&
    sameVideo(a.camera, b.camera) &&
    sameVideo(a.screen, b.screen)
  );
}

function joinOrder(a: RemoteParticipant, b: RemoteParticipant): number {
  return (a.joinedAt?.getTime() ?? 0) - (b.joinedAt?.getTime() ?? 0) || (a.identity < b.identity ? -1 : 1);
}

/** The room as views. An unchanged participant keeps its object, so that its tile is not drawn again. */
export function snapshotParticipants(room: Room, before: readonly ParticipantView[]): ParticipantView[] {
  const known = new Map(before.map((view) => [view.identity, view]));
  const remote = [...room.remoteParticipants.values()].sort(joinOrder);
  return [room.localParticipant, ...remote].map((participant) => {
    const view = viewOf(participant);
    const old = known.get(view.identity);
    return old && sameView(old, view) ? old : view;
  });
}
