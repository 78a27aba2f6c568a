import type { ParticipantView, VideoView } from "./model.ts";

/** One rectangle on the stage: a person, or the screen that a person shows. */
export interface TileView {
  readonly id: string;
  readonly kind: "camera" | "screen" | "film";
  readonly participant: ParticipantView;
  readonly video: VideoView | null;
}

export function cameraTileId(identity: string): string {
  return `camera:${identity}`;
}

export function filmTileId(identity: string): string {
  return `film:${identity}`;
}

export function screenTileId(identity: string): string {
  return `screen:${identity}`;
}

/** In a call of more people than this who only watches is in the list, and has no tile. */
export const CROWD = 50;

/** The film first, then screens, then people. One's own screen is left out: it would show itself without end. */
export function tilesOf(participants: readonly ParticipantView[], film: string | null = null): TileView[] {
  const screens: TileView[] = [];
  const people: TileView[] = [];
  const crowd = participants.length > CROWD;
  for (const participant of participants) {
    const { identity, screen, camera, isLocal, watches } = participant;
    if (crowd && watches && !isLocal) continue;
    if (identity === film) {
      screens.unshift({ id: filmTileId(identity), kind: "film", participant, video: screen });
      continue;
    }
    if (screen && !isLocal) {
      screens.push({ id: screenTileId(identity), kind: "screen", participant, video: screen });
    }
    people.push({ id: cameraTileId(identity), kind: "camera", participant, video: camera });
  }
  return [...screens, ...people];
}

/** The tile that is shown large: the pinned one, a film or screen, whom all should see, the speaker, the first. */
export function mainTileId(
  tiles: readonly TileView[],
  pinnedId: string | null,
  focusIdentity: string | null,
  preferred: readonly string[] = [],
): string | null {
  const has = (id: string) => tiles.some((tile) => tile.id === id);
  if (pinnedId && has(pinnedId)) return pinnedId;
  const screen = tiles.find((tile) => tile.kind !== "camera");
  if (screen) return screen.id;
  const wanted = preferred.find((identity) => has(cameraTileId(identity)));
  if (wanted) return cameraTileId(wanted);
  if (focusIdentity && has(cameraTileId(focusIdentity))) return cameraTileId(focusIdentity);
  return tiles[0]?.id ?? null;
}

/** Up to two initials for a tile without a picture. */
export function initials(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? "");
  return letters.join("").toLocaleUpperCase() || "•";
}

export const AVATAR_COLOURS = 8;

/** A colour number that stays with the identity. */
export function avatarColour(identity: string): number {
  let hash = 0;
  for (const char of identity) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % AVATAR_COLOURS;
}
