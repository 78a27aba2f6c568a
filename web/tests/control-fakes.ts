import type { Film, Inside, Person, You } from "../src/features/call/control/model.ts";

export const YOU: You = {
  person: "family:1",
  power: "member",
  badge: "",
  no_consent: false,
  may_share_screen: false,
  held: [],
  frozen: [],
  reasons: [],
  asked: [],
  hand: null,
  group: null,
  announcing: false,
};

export function person(key: string, more: Partial<Person> = {}): Person {
  return {
    person: key,
    name: key,
    badge: "",
    power: "member",
    identities: [`${key}:a`],
    hand: false,
    ...more,
  };
}

export function inside(more: Partial<Omit<Inside, "you">> = {}, you: Partial<You> = {}): Inside {
  return {
    version: 1,
    now: 1_000,
    you: { ...YOU, ...you },
    mode: "meeting",
    locked: false,
    reach: "everyone",
    self_unmute: false,
    chat: { allowed: true, interval_s: 0 },
    panic: false,
    attended: true,
    time: null,
    screen_stopped: [],
    spotlight: [],
    people: [],
    people_total: 0,
    groups: [],
    polls: [],
    film: null,
    film_end: null,
    recording: {
      allowed: false,
      state: "off",
      you: { asked: false, agreed: null, held: false, included: false },
      waiting_for: 0,
      failure: null,
    },
    ...more,
  };
}

/** It moves, and has no subtitles. */
export const FILM: Film = {
  content: "c1",
  title: "Hedgehog",
  duration_s: 100,
  age_mark: 6,
  verified: true,
  programme: "basic",
  pages: 0,
  identity: "film:1",
  playing: true,
  moving: true,
  position_s: 10,
  at: 1_000,
  ended: false,
  reasons: [],
  volume: 1,
  subtitles: [],
};

/** An access token as the school gives it; nobody verifies it here. */
export function token(attributes: Record<string, string> = { "polyana.role": "family" }): string {
  const claims = { video: { room: "мыши и ёжики" }, attributes };
  const bytes = new TextEncoder().encode(JSON.stringify(claims));
  const payload = btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_");
  return `e30.${payload.replace(/=+$/, "")}.x`;
}
