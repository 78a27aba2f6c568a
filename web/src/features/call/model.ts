import type { ReadonlySignal } from "@preact/signals";
import type { DeviceRole } from "../../platform/devices.ts";
import type { Control } from "./control/model.ts";

/**
 * What the screens of a call know. Nothing here names LiveKit: the session fills this model from the
 * room, and the gallery fills it from fixtures.
 */

/** Something that can show itself in a video element (LiveKit's tracks do). */
export interface VideoSource {
  attach(element: HTMLVideoElement): unknown;
  detach(element: HTMLVideoElement): unknown;
}

export interface VideoView {
  readonly source: VideoSource;
  readonly mirrored: boolean;
  /** The server has paused this picture to spare a weak connection. */
  readonly paused: boolean;
}

export type Quality = "excellent" | "good" | "poor" | "lost" | "unknown";

export interface ParticipantView {
  readonly identity: string;
  readonly name: string;
  /** Of confirmed staff, set by the server only: `teacher`, `head`, ...; else empty. */
  readonly badge: string;
  readonly isLocal: boolean;
  /** It may publish nothing: one of an audience. */
  readonly watches: boolean;
  readonly microphoneOn: boolean;
  readonly speaking: boolean;
  readonly quality: Quality;
  readonly camera: VideoView | null;
  readonly screen: VideoView | null;
}

export type EndKind = "left" | "removed" | "denied" | "duplicate" | "shutdown" | "lost" | "closed" | "failed";

export interface CallEnd {
  readonly kind: EndKind;
  /** Short code that stands in the server's log as well. */
  readonly code: string;
}

export type CallPhase =
  | { readonly kind: "connected" }
  | { readonly kind: "reconnecting"; readonly sinceMs: number }
  | { readonly kind: "ended"; readonly end: CallEnd };

/** Something the person asked for did not work. */
export type Trouble = "microphone" | "camera" | "screen" | "device";

/** What makes the call go badly. */
export type Fault = "home" | "device" | "firewall" | "server";

export interface Verdict {
  readonly fault: Fault;
  /** Short code that stands in the server's log as well. */
  readonly code: string;
}

/** Whether the server could look into what is said: in a consultation it cannot. */
export type Secrecy =
  /** No key yet: nothing is seen and heard. */
  | { readonly kind: "agreeing" }
  /** With whom a key was agreed; both sides must see the same code. */
  | { readonly kind: "on"; readonly codes: readonly { readonly identity: string; readonly code: string }[] }
  /** This browser cannot. */
  | { readonly kind: "unsupported" };

export interface Call {
  readonly phase: ReadonlySignal<CallPhase>;
  /** The local participant first, the others in the order in which they joined. */
  readonly participants: ReadonlySignal<readonly ParticipantView[]>;
  /** Identities that speak now, the loudest first. */
  readonly speakers: ReadonlySignal<readonly string[]>;
  /** The browser holds the sound back until a gesture. */
  readonly audioBlocked: ReadonlySignal<boolean>;
  readonly trouble: ReadonlySignal<Trouble | null>;
  /** As the server finds; null: all is well, or the person has read it. */
  readonly verdict: ReadonlySignal<Verdict | null>;
  /** The server keeps pictures small, for the data budget. */
  readonly savingData: ReadonlySignal<boolean>;
  /** Of a consultation; null: of any other call. */
  readonly secrecy: ReadonlySignal<Secrecy | null>;
  /** What hosts can do, where somebody leads the call. */
  readonly control: Control;
  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  setScreen(on: boolean): Promise<void>;
  switchDevice(role: DeviceRole, deviceId: string | null): Promise<void>;
  startAudio(): Promise<void>;
  dismissTrouble(): void;
  dismissVerdict(): void;
  leave(): Promise<void>;
}
