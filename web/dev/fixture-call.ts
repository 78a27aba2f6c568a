import { signal } from "@preact/signals";
import type {
  Call,
  CallPhase,
  ParticipantView,
  Quality,
  Trouble,
  Verdict,
  VideoSource,
} from "../src/features/call/model.ts";
import { FILM_IDENTITY, fixtureControl, HOST_SCENES, type Scene } from "./fixture-control.ts";

const NAMES = [
  "Анна, мама Миши",
  "Ольга Сергеевна Белова",
  "Дмитрий, папа Сони",
  "Семья Константинопольских-Воскресенских",
  "Марина",
  "Grandma Elisabeth",
  "Игорь Петрович",
  "Лена и Ваня",
  "Екатерина Воронцова",
  "Тимур",
  "Наталья, мама Кати и Пети",
  "Алексей",
];

const GROUNDS = ["#7d8f6b", "#b58e6b", "#6b8a99", "#a07a8c", "#8f8266", "#61836d", "#94705c", "#6d7396"];

/** A canvas that draws a head and shoulders in slow motion, as a stand-in for a camera. */
function portrait(index: number): VideoSource {
  const canvas = document.createElement("canvas");
  const tall = index % 3 === 2;
  canvas.width = tall ? 480 : 640;
  canvas.height = tall ? 640 : 360;
  const draw = (ms: number) => drawPortrait(canvas, index, ms);
  return streamSource(canvas, draw);
}

function drawPortrait(canvas: HTMLCanvasElement, index: number, ms: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { width, height } = canvas;
  context.fillStyle = GROUNDS[index % GROUNDS.length] ?? "#777777";
  context.fillRect(0, 0, width, height);
  const sway = Math.sin(ms / 900 + index) * width * 0.01;
  context.fillStyle = "rgb(40 48 44 / 0.75)";
  context.beginPath();
  context.ellipse(width / 2 + sway, height * 1.06, height * 0.46, height * 0.42, 0, 0, 7);
  context.fill();
  context.fillStyle = "#e7c3a4";
  context.beginPath();
  context.ellipse(width / 2 + sway, height * 0.47, height * 0.16, height * 0.21, 0, 0, 7);
  context.fill();
}

function slide(): VideoSource {
  const canvas = document.createElement("canvas");
  canvas.width = 1280;
  canvas.height = 720;
  return streamSource(canvas, () => {
    const context = canvas.getContext("2d");
    if (!context) return;
    context.fillStyle = "#fffdf6";
    context.fillRect(0, 0, 1280, 720);
    context.fillStyle = "#1d6a45";
    context.font = "bold 84px sans-serif";
    context.fillText("Звуки и буквы", 90, 170);
    context.fillStyle = "#33413a";
    context.font = "52px sans-serif";
    for (const [row, text] of ["А — арбуз", "Б — барабан", "В — ворона"].entries()) {
      context.fillText(text, 90, 320 + row * 110);
    }
  });
}

function filmPicture(): VideoSource {
  const canvas = document.createElement("canvas");
  canvas.width = 1280;
  canvas.height = 720;
  return streamSource(canvas, (ms) => {
    const context = canvas.getContext("2d");
    if (!context) return;
    context.fillStyle = "#9cc4d8";
    context.fillRect(0, 0, 1280, 720);
    context.fillStyle = "#5f8f5a";
    context.fillRect(0, 520, 1280, 200);
    context.fillStyle = "#7a5a3c";
    context.beginPath();
    context.ellipse(200 + ((ms / 30) % 900), 520, 90, 55, 0, 0, 7);
    context.fill();
  });
}

function streamed(source: VideoSource) {
  return { source, mirrored: false, paused: false };
}

function streamSource(canvas: HTMLCanvasElement, draw: (ms: number) => void): VideoSource {
  const step = (ms: number) => {
    draw(ms);
    setTimeout(() => requestAnimationFrame(step), 100);
  };
  step(0);
  const stream = canvas.captureStream(10);
  return {
    attach: (element) => {
      element.srcObject = stream;
    },
    detach: (element) => {
      element.srcObject = null;
    },
  };
}

function person(index: number, badges: readonly number[]): ParticipantView {
  const qualities: Quality[] = ["excellent", "excellent", "poor", "excellent", "good", "excellent", "lost"];
  const video = index % 5 !== 3;
  return {
    identity: `person-${index}`,
    name: NAMES[index % NAMES.length] ?? `Person ${index}`,
    badge: badges.includes(index) ? "teacher" : "",
    isLocal: index === 0,
    watches: false,
    microphoneOn: index % 4 !== 2,
    speaking: index === 1,
    quality: qualities[index % qualities.length] ?? "unknown",
    camera: video ? { source: portrait(index), mirrored: index === 0, paused: index % 7 === 5 } : null,
    screen: null,
  };
}

export interface FixtureOptions {
  readonly count: number;
  readonly screen: boolean;
  readonly ownScreen: boolean;
  readonly reconnecting: boolean;
  readonly audioBlocked: boolean;
  readonly trouble: Trouble | null;
  readonly verdict: Verdict | null;
  readonly savingData: boolean;
  /** Null: nobody leads the call. */
  readonly scene: Scene | null;
}

/** A call made of canvases. Its controls change the model as the real session would. */
export function fixtureCall(options: FixtureOptions): Call {
  const badges = options.scene === null ? [] : HOST_SCENES.includes(options.scene) ? [0] : [1];
  const people = Array.from({ length: options.count }, (_, index) => person(index, badges));
  if (options.screen && people[1]) {
    people[1] = { ...people[1], screen: { source: slide(), mirrored: false, paused: false } };
  }
  if (options.ownScreen && people[0]) {
    people[0] = { ...people[0], screen: { source: slide(), mirrored: false, paused: false } };
  }
  const pages = options.scene?.startsWith("film-pages");
  if (options.scene === "film" || options.scene === "film-host" || pages) {
    people.push({
      ...person(people.length, []),
      identity: FILM_IDENTITY,
      screen: pages ? { source: slide(), mirrored: false, paused: false } : streamed(filmPicture()),
      camera: null,
    });
  }
  if (options.scene === "crowd-host") {
    people.splice(
      3,
      people.length,
      ...people.slice(3).map((one) => ({ ...one, watches: true, camera: null })),
    );
  }
  const participants = signal<readonly ParticipantView[]>(people);
  const phase = signal<CallPhase>(
    options.reconnecting ? { kind: "reconnecting", sinceMs: Date.now() - 5000 } : { kind: "connected" },
  );
  const audioBlocked = signal(options.audioBlocked);
  const trouble = signal<Trouble | null>(options.trouble);
  const verdict = signal<Verdict | null>(options.verdict);
  const changeLocal = async (change: (view: ParticipantView) => ParticipantView) => {
    participants.value = participants.value.map((view) => (view.isLocal ? change(view) : view));
  };
  return {
    phase,
    participants,
    speakers: signal(options.count > 1 ? ["person-1"] : []),
    audioBlocked,
    trouble,
    savingData: signal(options.savingData),
    secrecy: signal(null),
    verdict,
    control: fixtureControl(options.scene, people),
    setMicrophone: (on) => changeLocal((view) => ({ ...view, microphoneOn: on })),
    setCamera: (on) =>
      changeLocal((view) => ({
        ...view,
        camera: on ? { source: portrait(0), mirrored: true, paused: false } : null,
      })),
    setScreen: (on) =>
      changeLocal((view) => ({
        ...view,
        screen: on ? { source: slide(), mirrored: false, paused: false } : null,
      })),
    switchDevice: async () => {},
    startAudio: async () => {
      audioBlocked.value = false;
    },
    dismissTrouble: () => {
      trouble.value = null;
    },
    dismissVerdict: () => {
      verdict.value = null;
    },
    leave: async () => {
      phase.value = { kind: "ended", end: { kind: "left", code: "CLIENT_INITIATED" } };
    },
  };
}
