import type { ParticipantView } from "../model.ts";
import { type Film, type Inside, isInside, type Person, type Poll, type Snapshot } from "./model.ts";

/** What one may do with one's own devices. Without a host everybody may everything. */
export interface May {
  readonly publish: boolean;
  readonly unmute: boolean;
  readonly show: boolean;
  readonly share: boolean;
}

export function mayOf(snapshot: Snapshot | null): May {
  if (!isInside(snapshot)) return { publish: true, unmute: true, show: true, share: true };
  const { you, self_unmute } = snapshot;
  const held = (medium: "audio" | "video") =>
    you.held.includes(medium) && !you.asked.includes(medium) && !(medium === "audio" && self_unmute);
  return {
    publish: you.power !== "viewer",
    unmute: !held("audio"),
    show: !held("video"),
    share: you.power !== "viewer" && you.may_share_screen,
  };
}

export function personOf(snapshot: Inside, identity: string): Person | undefined {
  return snapshot.people.find((person) => person.identities.includes(identity));
}

/** Identities with a raised hand. */
export function raisedHands(snapshot: Snapshot | null): ReadonlySet<string> {
  if (!isInside(snapshot)) return new Set();
  return new Set(snapshot.people.filter((person) => person.hand).flatMap((person) => person.identities));
}

/**
 * Whom all should see large, the most important first: whom a host has put into the spotlight, then who leads. Never
 * oneself: nobody needs a large picture of itself.
 */
export function preferredIdentities(
  snapshot: Snapshot | null,
  participants: readonly ParticipantView[],
): readonly string[] {
  if (!isInside(snapshot)) return [];
  const present = new Set(participants.filter((one) => !one.isLocal).map((one) => one.identity));
  const wanted = [
    ...snapshot.spotlight.map((key) => snapshot.people.find((person) => person.person === key)),
    ...snapshot.people.filter((person) => person.power === "host"),
    ...snapshot.people.filter((person) => person.power === "cohost"),
    ...snapshot.people.filter((person) => person.power === "camera"),
  ];
  return wanted.flatMap((person) => person?.identities ?? []).filter((identity) => present.has(identity));
}

/** The newest poll that is open, else the newest. */
export function currentPoll(snapshot: Inside): Poll | undefined {
  const newest = [...snapshot.polls].reverse();
  return newest.find((poll) => poll.open) ?? newest[0];
}

/** Where a film is now, seconds from its begin. */
export function filmPosition(film: Film, nowMs: number, clockOffsetMs: number): number {
  const moved = film.moving ? (nowMs + clockOffsetMs) / 1000 - film.at : 0;
  return Math.min(film.duration_s, Math.max(0, film.position_s + moved));
}

/** Whole seconds until a moment of the server's clock (seconds since the epoch), never less than 0. */
export function secondsUntil(at: number, nowMs: number, clockOffsetMs: number): number {
  return Math.max(0, Math.ceil(at - (nowMs + clockOffsetMs) / 1000));
}
