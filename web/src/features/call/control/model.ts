import type { ReadonlySignal } from "@preact/signals";

/** What the server tells of a controlled call; docs/call-control.md says what each field means. */

/** `camera`: no person, a camera of the host's. */
export type Power = "waiting" | "viewer" | "member" | "camera" | "cohost" | "host";
export type Medium = "audio" | "video" | "screen" | "data";
/** What a host can take from somebody and give back. */
export type HeldMedium = "audio" | "video";
export type Reason = "panic" | "unattended" | "time";
export type Direction = "default" | "everyone" | "hosts" | readonly string[];
export type Mode = "meeting" | "webinar" | "consultation";
export type Reach = "everyone" | "hosts";

export interface You {
  readonly person: string;
  readonly power: Exclude<Power, "waiting">;
  /** Of confirmed staff: `teacher`, `head`, ...; else empty. */
  readonly badge: string;
  /** A consent is missing: one sends nothing, whatever a host does. */
  readonly no_consent: boolean;
  readonly may_share_screen: boolean;
  readonly held: readonly HeldMedium[];
  readonly frozen: readonly Medium[];
  readonly reasons: readonly Reason[];
  readonly asked: readonly HeldMedium[];
  /** Place in the queue from 1 on; null: the hand is down. */
  readonly hand: number | null;
  readonly group: string | null;
  readonly announcing: boolean;
}

export interface Person {
  readonly person: string;
  readonly name: string;
  readonly badge: string;
  readonly power: Exclude<Power, "waiting">;
  readonly identities: readonly string[];
  readonly hand: boolean;
  /* What only who leads is told. */
  readonly held?: readonly HeldMedium[];
  readonly frozen?: readonly Medium[];
  readonly asked?: readonly HeldMedium[];
  readonly screen?: boolean;
  readonly group?: string | null;
  readonly directed?: Direction;
  readonly cohost_here?: boolean;
}

export interface Waiting {
  readonly person: string;
  readonly name: string;
  readonly role: string;
  readonly expected: boolean;
  /** Seconds since the epoch, by the server's clock. */
  readonly since: number;
}

export interface Expected {
  readonly person: string;
  readonly name: string;
  readonly here: boolean;
}

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly people: readonly string[];
}

export interface PollOption {
  readonly text: string;
  /** An emoji, or empty. */
  readonly picture: string;
  readonly votes: number;
}

export interface Poll {
  readonly id: string;
  readonly question: string;
  readonly options: readonly PollOption[];
  readonly multiple: boolean;
  readonly anonymous: boolean;
  readonly open: boolean;
  readonly voters: number;
  readonly voted: boolean;
  /** Indices of one's own vote; empty in an anonymous poll. */
  readonly choice: readonly number[];
}

export interface TimeLimit {
  readonly phase: "running" | "warning" | "over" | "stopped";
  /** Seconds since the epoch, by the server's clock. */
  readonly ends_at: number;
  readonly stops_at: number;
  readonly extended_minutes: number;
}

/** Of one kind of screen that children look at, for who leads. */
export interface ScreenTime {
  readonly kind: string;
  readonly phase: TimeLimit["phase"];
  /** Some child sees it now. */
  readonly on: boolean;
  /** While it is on; seconds since the epoch, by the server's clock. */
  readonly ends_at: number | null;
  readonly stops_at: number | null;
  readonly left_minutes: number | null;
  readonly extended_minutes: number;
}

/** What a host may show. */
export interface FilmEntry {
  readonly content: string;
  readonly title: string;
  readonly duration_s: number;
  /** Years: 0, 6, 12, 16, 18. */
  readonly age_mark: number;
  /** The only reason to draw the badge. */
  readonly verified: boolean;
  readonly programme: string;
  /** Of a document or picture, each for a second; 0: it moves. */
  readonly pages: number;
}

/** The film that is shown. */
export interface Film extends FilmEntry {
  /** Of the participant whose picture and sound it is. */
  readonly identity: string;
  /** As the host wants it. */
  readonly playing: boolean;
  /** Whether it goes on now. */
  readonly moving: boolean;
  /** Where it was `at` that time of the server's clock (seconds since the epoch). */
  readonly position_s: number;
  readonly at: number;
  readonly ended: boolean;
  /** Why it stands, whatever the host wants. */
  readonly reasons: readonly Reason[];
  /** 0 to 1: how loud it is played. */
  readonly volume: number;
  /** Languages of its subtitles. */
  readonly subtitles: readonly string[];
}

/** Shown from `start` to `end`, milliseconds of the film. Text without any marks, one to four lines. */
export interface Cue {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Why the last film stopped by itself. */
export interface FilmEnd {
  readonly title: string;
  readonly reason: string;
}

export interface Recording {
  /** Whether a host may ask for one in this call. */
  readonly allowed: boolean;
  readonly state: "off" | "asking" | "running" | "paused";
  readonly you: {
    /** One's consent is needed. */
    readonly asked: boolean;
    /** Null: no answer yet. */
    readonly agreed: boolean | null;
    /** Nobody sees and hears one before the answer. */
    readonly held: boolean;
    /** One's own picture and sound would be in it. */
    readonly included: boolean;
  };
  /** How many have not answered. */
  readonly waiting_for: number;
  /** Why the last one ended by itself, or did not begin. */
  readonly failure: string | null;
  /* What only who leads is told: persons. */
  readonly waiting?: readonly string[];
  readonly refused?: readonly string[];
}

/** For who is in. */
export interface Inside {
  readonly version: number;
  readonly now: number;
  readonly you: You;
  readonly mode: Mode;
  readonly locked: boolean;
  readonly reach: Reach;
  readonly self_unmute: boolean;
  readonly chat: { readonly allowed: boolean; readonly interval_s: number };
  readonly panic: boolean;
  readonly attended: boolean;
  readonly time: TimeLimit | null;
  /** Kinds of screens that children have looked at long enough: their pictures stand. */
  readonly screen_stopped: readonly string[];
  readonly spotlight: readonly string[];
  readonly people: readonly Person[];
  readonly people_total: number;
  readonly groups: readonly Group[];
  readonly polls: readonly Poll[];
  readonly film: Film | null;
  readonly film_end: FilmEnd | null;
  readonly recording: Recording;
  /* What only who leads is told. */
  readonly lobby?: readonly Waiting[];
  readonly screen_time?: readonly ScreenTime[];
  readonly expected?: readonly Expected[];
  readonly hands?: readonly string[];
  readonly blocked?: readonly { readonly person: string; readonly name: string }[];
}

/** For who waits: nothing but that. */
export interface Outside {
  readonly version: number;
  readonly now: number;
  readonly you: { readonly person: string; readonly power: "waiting" };
}

export type Snapshot = Inside | Outside;

export interface ChatMessage {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly person: string;
  readonly name: string;
  readonly badge: string;
  readonly text: string;
  readonly to: "everyone" | "hosts";
  /** A group's id or `main`. */
  readonly place: string;
}

export interface Reaction {
  readonly key: number;
  /** Null: somebody of an audience that one does not know. */
  readonly person: string | null;
  readonly emoji: string;
}

export type Command =
  | {
      readonly type:
        | "admit"
        | "deny"
        | "block"
        | "unblock"
        | "remove"
        | "ban"
        | "lower_hand_of"
        | "mute"
        | "ask_unmute"
        | "stop_camera"
        | "ask_camera"
        | "promote"
        | "demote"
        | "make_cohost"
        | "drop_cohost";
      readonly identity: string;
    }
  | {
      readonly type:
        | "admit_all"
        | "admit_expected"
        | "next"
        | "raise_hand"
        | "lower_hand"
        | "lower_all_hands"
        | "mute_all"
        | "panic"
        | "calm"
        | "close_groups"
        | "end";
    }
  | { readonly type: "set_lock"; readonly locked: boolean }
  | { readonly type: "answer"; readonly medium: HeldMedium }
  | { readonly type: "set_self_unmute"; readonly allowed: boolean }
  | { readonly type: "set_screen"; readonly identity: string; readonly allowed: boolean }
  | { readonly type: "freeze"; readonly identity: string; readonly media: readonly Medium[] }
  | { readonly type: "spotlight"; readonly identities: readonly string[] }
  | { readonly type: "set_mode"; readonly mode: Mode }
  | { readonly type: "set_reach"; readonly reach: Reach }
  | { readonly type: "direct"; readonly identity: string; readonly to: Direction }
  | {
      readonly type: "open_groups";
      readonly groups: readonly { readonly name: string; readonly identities: readonly string[] }[];
    }
  | { readonly type: "move"; readonly identity: string; readonly group: string | null }
  | { readonly type: "visit"; readonly group: string | null }
  | { readonly type: "announce"; readonly on: boolean }
  | { readonly type: "extend"; readonly minutes: number; readonly reason: string }
  | {
      readonly type: "extend_screen";
      readonly kind: string;
      readonly minutes: number;
      readonly reason: string;
    }
  | { readonly type: "set_chat"; readonly allowed: boolean; readonly interval_s: number }
  | { readonly type: "chat"; readonly text: string; readonly to: "everyone" | "hosts" }
  | { readonly type: "delete_message"; readonly id: string }
  | { readonly type: "react"; readonly emoji: string }
  | {
      readonly type: "open_poll";
      readonly question: string;
      readonly options: readonly { readonly text: string; readonly picture: string }[];
      readonly multiple: boolean;
      readonly anonymous: boolean;
    }
  | { readonly type: "vote"; readonly poll: string; readonly options: readonly number[] }
  | { readonly type: "close_poll"; readonly poll: string }
  | { readonly type: "film_play"; readonly content?: string }
  | { readonly type: "film_pause" | "film_stop" }
  | { readonly type: "recording_ask" | "recording_start" | "recording_stop" }
  | { readonly type: "recording_consent"; readonly agreed: boolean }
  | { readonly type: "film_seek"; readonly position_s: number }
  | { readonly type: "film_volume"; readonly volume: number };

/** A part of all who are here; `total`: how many there are of them. */
export interface PeoplePage {
  readonly people: readonly Person[];
  readonly total: number;
}

/** What the server did not do, by its own code. */
export interface Refused {
  readonly command: Command["type"] | "films" | "people";
  readonly code: string;
}

/** The controlled side of a call. `snapshot` stays null where nobody controls the room. */
export interface Control {
  readonly snapshot: ReadonlySignal<Snapshot | null>;
  readonly messages: ReadonlySignal<readonly ChatMessage[]>;
  readonly reactions: ReadonlySignal<readonly Reaction[]>;
  readonly refused: ReadonlySignal<Refused | null>;
  /** Milliseconds to add to this device's clock to get the server's. */
  readonly clockOffsetMs: ReadonlySignal<number>;
  /** Whether the server has done it; if not, `refused` says why. */
  send(command: Command): Promise<boolean>;
  dismissRefused(): void;
  /** For who leads: those who are here with such names, from the one on that `first` come before. Null: it could not be
   * asked for, and `refused` says why. */
  people(query: string, first: number): Promise<PeoplePage | null>;
  /** What may be shown in this lesson. Null: it could not be asked for, and `refused` says why. */
  films(query: string): Promise<readonly FilmEntry[] | null>;
  /** The text of the film that is shown, by start. Null: it could not be asked for. */
  subtitles(language: string): Promise<readonly Cue[] | null>;
}

export function isInside(snapshot: Snapshot | null): snapshot is Inside {
  return snapshot !== null && snapshot.you.power !== "waiting";
}

export function isLeading(power: Power | undefined): boolean {
  return power === "host" || power === "cohost";
}

export function leads(snapshot: Snapshot | null): boolean {
  return isLeading(snapshot?.you.power);
}
