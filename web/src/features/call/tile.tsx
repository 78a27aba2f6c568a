import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { c } from "../../i18n/control/index.ts";
import type { Catalogue } from "../../i18n/index.ts";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { Badge, badgeWords } from "./control/badge.tsx";
import { isInside } from "./control/model.ts";
import { Picture } from "./control/pictures.tsx";
import { Subtitles } from "./control/subtitles.tsx";
import type { Call, ParticipantView, VideoView } from "./model.ts";
import { QualityMark } from "./quality-mark.tsx";
import { avatarColour, initials, type TileView } from "./tiles.ts";

/** What a call that somebody leads adds to a tile. */
export interface Signs {
  readonly hand: boolean;
  readonly reaction: string | null;
}

const NO_SIGNS: Signs = { hand: false, reaction: null };

/** Everything the marks of a tile say, in words. */
export function describeTile(tile: TileView, m: Catalogue, signs: Signs = NO_SIGNS): string {
  const { participant } = tile;
  const name = participant.isLocal ? `${participant.name} (${m.common.you})` : participant.name;
  if (tile.kind === "screen") return m.call.screenOf(name);
  if (tile.kind === "film") return c().film.of(name);
  const parts = [name];
  if (participant.badge) parts.push(badgeWords(participant.badge));
  if (signs.hand) parts.push(c().hand.raised);
  if (signs.reaction) parts.push(c().emoji[signs.reaction] ?? "");
  if (participant.speaking) parts.push(m.call.speaking);
  if (!participant.microphoneOn) parts.push(m.call.micOff);
  if (!tile.video) parts.push(m.call.cameraIsOff);
  if (isNotable(participant)) parts.push(m.call.quality[participant.quality]);
  return parts.join(", ");
}

function isNotable(participant: ParticipantView): boolean {
  return participant.quality === "good" || participant.quality === "poor" || participant.quality === "lost";
}

function TileVideo({ video, kind, call }: { video: VideoView; kind: TileView["kind"]; call: Call }) {
  const element = useRef<HTMLVideoElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const [frozen, setFrozen] = useState(false);
  const { source } = video;

  useEffect(() => {
    const target = element.current;
    if (!target) return;
    source.attach(target);
    return () => {
      source.detach(target);
    };
  }, [source]);

  // A plain effect runs at once, while the last frame is still in the element: a hook would be too late.
  useEffect(
    () =>
      effect(() => {
        const away = call.phase.value.kind === "reconnecting";
        if (away && element.current && still.current) setFrozen(keepFrame(element.current, still.current));
      }),
    [call],
  );

  return (
    <>
      <video
        ref={element}
        class={`tile__video ${video.mirrored ? "tile__video--mirrored" : ""} ${kind === "camera" ? "" : "tile__video--whole"}`}
        autoplay
        muted
        playsInline
        disablePictureInPicture
        onTimeUpdate={() => {
          if (frozen && call.phase.peek().kind === "connected") setFrozen(false);
        }}
      />
      <canvas
        ref={still}
        hidden={!frozen}
        class={`tile__video ${video.mirrored ? "tile__video--mirrored" : ""} ${kind === "camera" ? "" : "tile__video--whole"}`}
      />
    </>
  );
}

/** Copies what the video shows; false when it has shown nothing yet. */
function keepFrame(video: HTMLVideoElement, canvas: HTMLCanvasElement): boolean {
  if (video.videoWidth === 0) return false;
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  return true;
}

/** Beneath the picture too: it is seen until the first frame has come. */
function Avatar({ participant }: { participant: ParticipantView }) {
  return (
    <span class={`tile__avatar avatar--${avatarColour(participant.identity)}`} aria-hidden="true">
      {initials(participant.name)}
    </span>
  );
}

export interface TileProps {
  readonly tile: TileView;
  readonly call: Call;
  readonly pinned: boolean;
  readonly main: boolean;
  readonly signs?: Signs;
  readonly onPin: (id: string) => void;
}

export function Tile({ tile, call, pinned, main, signs = NO_SIGNS, onPin }: TileProps) {
  const m = t();
  const { participant, video, kind } = tile;
  const speaking = kind === "camera" && participant.speaking;
  const told = kind === "film" ? call.control.snapshot.value : null;
  const film = isInside(told) ? told.film : null;
  const label = { screen: m.call.screenOf, film: c().film.of, camera: String }[kind](participant.name);
  const classes = [
    "tile",
    main && "tile--main",
    speaking && "tile--speaking",
    kind !== "camera" && "tile--screen",
  ];
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the pin button inside does the same from the keyboard.
    <li
      class={classes.filter(Boolean).join(" ")}
      data-testid="tile"
      data-identity={participant.identity}
      data-kind={kind}
      data-hand={String(signs.hand)}
      data-speaking={String(speaking)}
      data-video={video ? "on" : "off"}
      onClick={() => onPin(tile.id)}
    >
      <span class="visually-hidden">{describeTile(tile, m, signs)}</span>
      {kind === "camera" && <Avatar participant={participant} />}
      {video && <TileVideo video={video} kind={kind} call={call} />}
      {film && <Subtitles film={film} control={call.control} />}
      {video?.paused && <span class="tile__note">{m.call.pausedByLink}</span>}
      {kind === "camera" && signs.hand && (
        <span class="tile__hand" aria-hidden="true">
          <Icon name="hand" size={20} />
        </span>
      )}
      {kind === "camera" && signs.reaction && (
        <span class="tile__reaction" aria-hidden="true">
          <Picture picture={signs.reaction} />
        </span>
      )}
      <TilePin name={label} pinned={pinned} onPin={() => onPin(tile.id)} />
      {/* The title of a large film stands beneath it. */}
      {!(kind === "film" && main) && (
        <span class="tile__label" aria-hidden="true">
          {kind === "camera" && !participant.microphoneOn && <Icon name="micOff" size={16} />}
          {kind === "screen" && <Icon name="screen" size={16} />}
          {kind === "film" && <Icon name="film" size={16} />}
          <span class="tile__name">
            {participant.name}
            {participant.isLocal && ` (${m.common.you})`}
          </span>
          <Badge badge={participant.badge} compact={!main} />
          {kind === "camera" && isNotable(participant) && <QualityMark quality={participant.quality} />}
        </span>
      )}
    </li>
  );
}

function TilePin({ name, pinned, onPin }: { name: string; pinned: boolean; onPin: () => void }) {
  const m = t().call;
  const label = pinned ? m.unpin(name) : m.pin(name);
  return (
    <button
      type="button"
      class={`tile__pin ${pinned ? "tile__pin--on" : ""}`}
      aria-label={label}
      title={label}
      onClick={(event) => {
        event.stopPropagation();
        onPin();
      }}
    >
      <Icon name={pinned ? "unpin" : "pin"} size={20} />
    </button>
  );
}
