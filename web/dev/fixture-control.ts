import { signal } from "@preact/signals";
import type {
  ChatMessage,
  Command,
  Control,
  Film,
  FilmEntry,
  Inside,
  Person,
  Reaction,
  Refused,
  ScreenTime,
  Snapshot,
  Waiting,
} from "../src/features/call/control/model.ts";
import type { ParticipantView } from "../src/features/call/model.ts";

/** States of a controlled call that the gallery can show: `?control=`. */
export type Scene =
  | "family"
  | "host"
  | "waiting"
  | "held"
  | "asked"
  | "hand"
  | "guardian"
  | "guardian-before"
  | "panic"
  | "panic-host"
  | "time"
  | "time-host"
  | "poll"
  | "poll-pictures"
  | "poll-voted"
  | "poll-host"
  | "groups"
  | "viewer"
  | "chat"
  | "busy-host"
  | "crowd-host"
  | "film"
  | "film-host"
  | "film-pages"
  | "film-pages-host"
  | "film-end"
  | "screen-time"
  | "screen-time-host"
  | "recording-question"
  | "recording-late"
  | "recording"
  | "recording-paused"
  | "recording-asking-host"
  | "recording-host"
  | "recording-paused-host";

export const HOST_SCENES: readonly string[] = [
  "host",
  "panic-host",
  "time-host",
  "poll-host",
  "busy-host",
  "crowd-host",
  "film-host",
  "film-pages-host",
  "screen-time-host",
  "recording-asking-host",
  "recording-host",
  "recording-paused-host",
];

const now = () => Date.now() / 1000;

function personOf(view: ParticipantView, index: number, host: boolean): Person {
  return {
    person: view.identity,
    name: view.name,
    badge: view.badge,
    power: view.badge ? "host" : "member",
    identities: [view.identity],
    hand: index === 2 || index === 4,
    ...(host
      ? { held: index === 3 ? ["audio" as const] : [], frozen: [], asked: [], screen: false, group: null }
      : {}),
  };
}

const LOBBY: readonly Waiting[] = [
  { person: "family:31", name: "Семья Орловых", role: "family", expected: true, since: 0 },
  { person: "family:32", name: "Ksenia, Mark's mum", role: "family", expected: true, since: 0 },
  { person: "guest:1", name: "Планшет Android", role: "guest", expected: false, since: 0 },
];

const MESSAGES: readonly Omit<ChatMessage, "at" | "place">[] = [
  {
    id: "1",
    person: "person-1",
    name: "Ольга Сергеевна Белова",
    badge: "teacher",
    text: "Доброе утро! Приготовьте, пожалуйста, карандаши и лист бумаги.",
    to: "everyone",
  },
  { id: "2", person: "person-0", name: "Анна, мама Миши", badge: "", text: "Мы готовы 🙂", to: "everyone" },
  {
    id: "3",
    person: "person-2",
    name: "Дмитрий, папа Сони",
    badge: "",
    text: "Соня сегодня немного простужена, поэтому без звука.",
    to: "hosts",
  },
];

const FILMS = [
  ["c1", "Ёжик и его лес: как звери готовятся к зиме", 312, 0, true, 0],
  ["c2", "Звуки и буквы: А, Б, В", 184, 6, true, 0],
  ["c3", "Собрание: режим дня", 1260, 0, false, 0],
  ["c4", "Как зимуют птицы: слайды", 12, 0, true, 12],
].map(([content, title, duration_s, age_mark, verified, pages]) => ({
  content,
  title,
  duration_s,
  age_mark,
  verified,
  programme: "basic",
  pages,
})) as unknown as readonly FilmEntry[];

const SCREENS = (): ScreenTime[] => [
  {
    kind: "film",
    phase: "over",
    on: true,
    ends_at: now() - 15,
    stops_at: now() + 45,
    left_minutes: null,
    extended_minutes: 0,
  },
  {
    kind: "board",
    phase: "warning",
    on: true,
    ends_at: now() + 50,
    stops_at: now() + 110,
    left_minutes: null,
    extended_minutes: 0,
  },
];

export const FILM_IDENTITY = "film:1";

const FILM = (): Film => ({
  ...(FILMS[0] as FilmEntry),
  identity: FILM_IDENTITY,
  playing: true,
  moving: true,
  position_s: 71,
  at: now(),
  ended: false,
  reasons: [],
  volume: 0.8,
  subtitles: ["ru", "en"],
});

const PAGES = (): Film => ({
  ...FILM(),
  ...(FILMS[3] as FilmEntry),
  playing: false,
  moving: false,
  position_s: 2,
  subtitles: [],
});

function polls(scene: Scene): Inside["polls"] {
  const pictures = scene === "poll-pictures";
  if (!scene.startsWith("poll")) return [];
  const voted = scene === "poll-voted";
  const option = (text: string, picture: string, votes: number) => ({
    text,
    picture: pictures ? picture : "",
    votes,
  });
  return [
    {
      id: "p1",
      question: pictures ? "Кто живёт в лесу?" : "Когда удобнее встретиться на следующей неделе?",
      multiple: false,
      anonymous: false,
      open: true,
      options: pictures
        ? [
            option("Кот", "🐱", 0),
            option("Лиса", "🦊", 0),
            option("Рыба", "🐟", 0),
            option("Медведь", "🐻", 0),
          ]
        : [
            option("Вторник, 18:00", "", 7),
            option("Среда, 19:30", "", 3),
            option("Суббота утром, до прогулки", "", 1),
          ],
      voters: pictures ? 0 : 11,
      voted,
      choice: voted ? [0] : [],
    },
  ];
}

function recording(scene: Scene, host: boolean): Inside["recording"] {
  const late = scene === "recording-late";
  const asking = scene === "recording-question" || scene === "recording-asking-host";
  const paused = scene.startsWith("recording-paused");
  const on = scene.startsWith("recording");
  return {
    allowed: on || scene === "host",
    state: !on ? "off" : asking ? "asking" : paused ? "paused" : "running",
    you: {
      asked: on,
      agreed: scene === "recording-question" || late ? null : !(paused && !host),
      held: late,
      included: late,
    },
    waiting_for: asking ? 2 : late || scene === "recording-host" ? 1 : 0,
    failure: scene === "host" ? "disk" : null,
    ...(host
      ? {
          waiting: asking ? ["person-0", "person-2"] : scene === "recording-host" ? ["person-2"] : [],
          refused: paused ? ["person-3"] : [],
        }
      : {}),
  };
}

/** So many watch where a webinar is shown; the snapshot names the first of them. */
const CROWD = 2412;

function inside(scene: Scene, views: readonly ParticipantView[]): Inside {
  const host = HOST_SCENES.includes(scene);
  const people = views.map((view, index) => ({
    ...personOf(view, index, host),
    ...(view.watches ? { power: "viewer" as const } : {}),
  }));
  const group = { id: "g1", name: "Зайчата", people: ["person-0", "person-2"] };
  return {
    version: 1,
    now: now(),
    you: {
      person: "person-0",
      power: host ? "host" : scene === "viewer" ? "viewer" : "member",
      badge: host ? "teacher" : "",
      no_consent: false,
      may_share_screen: host,
      held: scene === "held" ? ["audio", "video"] : scene === "asked" ? ["audio"] : [],
      frozen: [],
      reasons:
        scene === "panic"
          ? ["panic"]
          : scene === "time"
            ? ["time"]
            : scene.startsWith("guardian")
              ? ["unattended"]
              : [],
      asked: scene === "asked" ? ["audio"] : [],
      hand: scene === "hand" ? 3 : null,
      group: scene === "groups" ? "g1" : null,
      announcing: false,
    },
    mode: scene === "viewer" || scene === "crowd-host" ? "webinar" : "meeting",
    locked: scene === "busy-host",
    reach: "everyone",
    self_unmute: false,
    chat: { allowed: true, interval_s: 0 },
    panic: scene === "panic" || scene === "panic-host",
    attended: !scene.startsWith("guardian"),
    time: scene.startsWith("time")
      ? { phase: host ? "over" : "stopped", ends_at: now() - 15, stops_at: now() + 45, extended_minutes: 0 }
      : null,
    screen_stopped: scene === "screen-time" ? ["film"] : [],
    spotlight: [],
    people,
    people_total: scene === "crowd-host" ? CROWD : people.length,
    groups: scene === "groups" || scene === "busy-host" ? [group] : [],
    polls: polls(scene),
    film: scene.startsWith("film-pages")
      ? PAGES()
      : scene.startsWith("film") && scene !== "film-end"
        ? FILM()
        : null,
    recording: recording(scene, host),
    film_end: scene === "film-end" ? { title: "Ёжик и его лес", reason: "seal_broken" } : null,
    ...(host
      ? {
          lobby: LOBBY,
          screen_time: scene === "screen-time-host" ? SCREENS() : [],
          expected: [...LOBBY.slice(0, 2), { person: "family:40", name: "Семья Лисицыных" }].map((one) => ({
            person: one.person,
            name: one.name,
            here: false,
          })),
          hands: people.filter((one) => one.hand).map((one) => one.person),
          blocked: [{ person: "guest:9", name: "Планшет без имени" }],
        }
      : {}),
  };
}

/** Answers commands as a server would that does nothing but remember hands, polls and chat. */
export function fixtureControl(scene: Scene | null, views: readonly ParticipantView[]): Control {
  const first: Snapshot | null =
    scene === null
      ? null
      : scene === "waiting"
        ? { version: 1, now: now(), you: { person: "person-0", power: "waiting" } }
        : inside(scene, views);
  const snapshot = signal<Snapshot | null>(first);
  const told = scene
    ? MESSAGES.map((message, index) => ({ ...message, at: now() - 300 + index * 60, place: "main" }))
    : [];
  if (scene === "guardian") {
    const away = snapshot.value as Inside;
    snapshot.value = { ...away, attended: true };
    setTimeout(() => {
      snapshot.value = away;
    }, 100);
  }
  const messages = signal<readonly ChatMessage[]>(told);
  const reactions = signal<readonly Reaction[]>(
    scene === "family" ? [{ key: 1, person: "person-2", emoji: "👏" }] : [],
  );
  const refused = signal<Refused | null>(null);
  const change = (part: (before: Inside) => Partial<Inside>) => {
    const before = snapshot.value as Inside;
    snapshot.value = { ...before, ...part(before) };
  };
  const send = async (command: Command) => {
    if (command.type === "raise_hand" || command.type === "lower_hand") {
      const hand = command.type === "raise_hand" ? 1 : null;
      change((before) => ({ you: { ...before.you, hand } }));
    } else if (command.type === "vote") {
      change((before) => ({
        polls: before.polls.map((poll) => ({ ...poll, voted: true, choice: command.options })),
      }));
    } else if (command.type === "panic" || command.type === "calm") {
      change(() => ({ panic: command.type === "panic" }));
    } else if (command.type === "film_play" || command.type === "film_pause") {
      const playing = command.type === "film_play";
      const at = { position_s: 71, at: now() };
      change(({ film }) => ({ film: film && { ...film, ...at, playing, moving: playing } }));
    } else if (command.type === "recording_consent") {
      const { agreed } = command;
      change((before) => ({
        recording: { ...before.recording, you: { ...before.recording.you, agreed, held: false } },
      }));
    } else if (command.type === "film_stop") {
      change(() => ({ film: null }));
    } else if (command.type === "set_lock") {
      change(() => ({ locked: command.locked }));
    }
    return true;
  };
  const dismissRefused = () => {
    refused.value = null;
  };
  const films = async (query: string) =>
    FILMS.filter((film) => film.title.toLowerCase().includes(query.toLowerCase()));
  const people = async (query: string, first: number) => {
    const begins = ` ${query.toLowerCase()}`;
    const here = inside(scene ?? "host", views).people;
    const found = here.filter((one) => ` ${one.name.toLowerCase()}`.includes(begins));
    return { people: found.slice(first, first + 50), total: found.length };
  };
  const subtitles = async (language: string) => [
    {
      start: 70_000,
      end: 600_000,
      text:
        language === "ru"
          ? "— Здравствуй, Ёжик! Куда ты идёшь с этой корзинкой?\n— За грибами."
          : "“Hello, Hedgehog! Where are you going with that basket?”\n“To gather mushrooms.”",
    },
  ];
  const known = { snapshot, messages, reactions, refused, clockOffsetMs: signal(0) };
  return { ...known, send, dismissRefused, people, films, subtitles };
}
