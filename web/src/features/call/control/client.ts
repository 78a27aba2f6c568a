import { batch, signal } from "@preact/signals";
import { ApiError, requestJson } from "../../../api/http.ts";
import {
  type ChatMessage,
  type Command,
  type Control,
  type Cue,
  type FilmEntry,
  isInside,
  type PeoplePage,
  type Reaction,
  type Refused,
  type Snapshot,
} from "./model.ts";

export const CALL_TOPIC = "polyana.call";
export const CHAT_TOPIC = "polyana.chat";
export const REACTION_TOPIC = "polyana.reaction";

/** A reaction is on screen so long. */
export const REACTION_MS = 4000;
const MAX_MESSAGES = 500;
const MAX_REACTIONS = 30;
const RETRY_MS = [500, 1000, 2000, 4000, 8000] as const;

type Ask = (path: string, init?: RequestInit) => Promise<unknown>;

/** The engine of LiveKit's room. */
interface TokenSource {
  on(event: "tokenRefreshed", heard: (token: string) => void): unknown;
}

interface Told {
  readonly message?: ChatMessage;
  readonly deleted?: string;
  readonly reactions?: readonly Omit<Reaction, "key">[];
}

interface Claims {
  readonly video?: { readonly room?: string };
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What an access token (JWT) says; its bearer need not verify it. */
function claimsOf(token: string): Claims {
  const payload = token.split(".")[1] ?? "";
  const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as Claims;
}

/** Whether the call is known to be led before its server says so. */
export function isControlled(token: string): boolean {
  return claimsOf(token).attributes?.["polyana.role"] !== undefined;
}

/**
 * Keeps what the server tells of a call: by data packets, and anew by HTTP after each (re)connection, when packets may
 * have been missed. The server is the only one who is believed; nothing changes here before it says so.
 */
export class CallControl implements Control {
  readonly snapshot = signal<Snapshot | null>(null);
  readonly messages = signal<readonly ChatMessage[]>([]);
  readonly reactions = signal<readonly Reaction[]>([]);
  readonly refused = signal<Refused | null>(null);
  readonly clockOffsetMs = signal(0);
  readonly #path: string;
  readonly #ask: Ask;
  readonly #controlled: boolean;
  #token: string;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #reactionKey = 0;
  #closed = false;

  constructor(token: string, ask: Ask = requestJson) {
    this.#token = token;
    this.#controlled = isControlled(token);
    this.#ask = ask;
    this.#path = `/api/calls/${encodeURIComponent(claimsOf(token).video?.room ?? "")}`;
  }

  /** The server gives new tokens while a call runs. */
  followTokens(room: { readonly engine: TokenSource }): void {
    room.engine.on("tokenRefreshed", (token) => {
      this.#token = token;
    });
  }

  /** After each connection. A server that was restarted counts its versions from the beginning. */
  async refresh(): Promise<void> {
    if (!this.#controlled && !this.snapshot.value) return;
    clearTimeout(this.#retry);
    this.#attempt += 1;
    const attempt = this.#attempt;
    await this.#load(attempt, 0);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
  }

  /** A data packet of the server. What cannot be read is left out: a newer server may say more. */
  receive(topic: string | undefined, payload: Uint8Array): void {
    if (topic !== CALL_TOPIC && topic !== CHAT_TOPIC && topic !== REACTION_TOPIC) return;
    const told = parse(payload);
    if (!told) return;
    if (topic === CALL_TOPIC) this.#accept(told as unknown as Snapshot, false);
    else if (topic === CHAT_TOPIC) this.#hear(told as Told);
    else this.#show((told as Told).reactions ?? []);
  }

  async send(command: Command): Promise<boolean> {
    try {
      await this.#ask(`${this.#path}/commands`, {
        method: "POST",
        headers: { ...this.#headers(), "content-type": "application/json" },
        body: JSON.stringify(command),
      });
      this.refused.value = null;
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.refused.value = { command: command.type, code: error.code };
      return false;
    }
  }

  dismissRefused(): void {
    this.refused.value = null;
  }

  async films(query: string): Promise<readonly FilmEntry[] | null> {
    const path = `films?q=${encodeURIComponent(query)}`;
    return (await this.#read<{ films: readonly FilmEntry[] }>(path, "films"))?.films ?? null;
  }

  people(query: string, first: number): Promise<PeoplePage | null> {
    return this.#read(`people?q=${encodeURIComponent(query)}&first=${first}`, "people");
  }

  async subtitles(language: string): Promise<readonly Cue[] | null> {
    const path = `subtitles?language=${encodeURIComponent(language)}`;
    return (await this.#read<{ cues: readonly Cue[] }>(path, null))?.cues ?? null;
  }

  /** Null: it could not be asked for; `refused` says why, if that is a matter for whoever asks. */
  async #read<T>(path: string, what: Refused["command"] | null): Promise<T | null> {
    try {
      return (await this.#ask(`${this.#path}/${path}`, { headers: this.#headers() })) as T;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (what) this.refused.value = { command: what, code: error.code };
      return null;
    }
  }

  async #load(attempt: number, tries: number): Promise<void> {
    try {
      const headers = this.#headers();
      const snapshot = (await this.#ask(this.#path, { headers })) as Snapshot;
      if (attempt !== this.#attempt || this.#closed) return;
      this.#accept(snapshot, true);
      if (isInside(this.snapshot.value)) await this.#loadChat();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // 404: nobody controls this room. 401: the connection itself ends and says why.
      if (error.status === 404 || error.status === 401 || this.#closed) return;
      const wait = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
      this.#retry = setTimeout(() => {
        if (attempt === this.#attempt) void this.#load(attempt, tries + 1);
      }, wait);
    }
  }

  async #loadChat(): Promise<void> {
    const answer = (await this.#ask(`${this.#path}/chat`, { headers: this.#headers() })) as {
      messages: readonly ChatMessage[];
    };
    const known = new Set(answer.messages.map((message) => message.id));
    const newest = answer.messages.at(-1)?.at ?? 0;
    const later = this.messages.value.filter((message) => !known.has(message.id) && message.at >= newest);
    this.messages.value = [...answer.messages, ...later].slice(-MAX_MESSAGES);
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#token}` };
  }

  #accept(snapshot: Snapshot, fresh: boolean): void {
    const before = this.snapshot.value;
    if (!fresh && before && snapshot.version <= before.version) return;
    batch(() => {
      this.clockOffsetMs.value = snapshot.now * 1000 - Date.now();
      this.snapshot.value = snapshot;
    });
    // The history is for those who are in; who was admitted asks for it now.
    if (!fresh && !isInside(before) && isInside(snapshot)) {
      this.#loadChat().catch(() => void this.refresh());
    }
  }

  #hear(told: Told): void {
    const { message, deleted } = told;
    if (message && !this.messages.value.some((known) => known.id === message.id)) {
      this.messages.value = [...this.messages.value, message].slice(-MAX_MESSAGES);
    }
    if (deleted) this.messages.value = this.messages.value.filter((known) => known.id !== deleted);
  }

  #show(reactions: readonly Omit<Reaction, "key">[]): void {
    const shown = reactions.map((reaction) => {
      this.#reactionKey += 1;
      return { ...reaction, key: this.#reactionKey };
    });
    this.reactions.value = [...this.reactions.value, ...shown].slice(-MAX_REACTIONS);
    setTimeout(() => {
      this.reactions.value = this.reactions.value.filter((reaction) => !shown.includes(reaction));
    }, REACTION_MS);
  }
}

function parse(payload: Uint8Array): Record<string, unknown> | null {
  try {
    const told: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof told === "object" && told !== null ? (told as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
