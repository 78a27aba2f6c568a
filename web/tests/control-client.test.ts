import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../src/api/http.ts";
import {
  CALL_TOPIC,
  CallControl,
  CHAT_TOPIC,
  isControlled,
  REACTION_MS,
  REACTION_TOPIC,
} from "../src/features/call/control/client.ts";
import type { Snapshot } from "../src/features/call/control/model.ts";
import { inside, token } from "./control-fakes.ts";

const PATH = `/api/calls/${encodeURIComponent("мыши и ёжики")}`;
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const message = (id: string, at: number) => ({
  id,
  at,
  person: "family:2",
  name: "Лена",
  badge: "",
  text: id,
  to: "everyone" as const,
  place: "main",
});

class Server {
  snapshot: Snapshot = inside({ version: 5 });
  messages = [message("old", 10)];
  readonly asked: [string, RequestInit | undefined][] = [];
  problem: ApiError | null = null;

  readonly ask = async (path: string, init?: RequestInit): Promise<unknown> => {
    this.asked.push([path, init]);
    if (this.problem) throw this.problem;
    if (path.endsWith("/chat")) return { messages: this.messages };
    return path.endsWith("/commands") ? { done: "mute" } : this.snapshot;
  };
}

let server: Server;
let control: CallControl;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  control = new CallControl(token(), server.ask);
});
afterEach(() => {
  control.close();
  vi.useRealTimers();
});

describe("the state of a call", () => {
  it("comes with the history at the beginning, asked for with the access token", async () => {
    await control.refresh();
    expect(control.snapshot.value?.version).toBe(5);
    expect(control.messages.value.map((one) => one.id)).toEqual(["old"]);
    expect(server.asked.map(([path]) => path)).toEqual([PATH, `${PATH}/chat`]);
    expect(server.asked[0]?.[1]?.headers).toEqual({ authorization: `Bearer ${token()}` });
  });

  it("changes by packets, and never goes back", async () => {
    await control.refresh();
    control.receive(CALL_TOPIC, bytes(inside({ version: 7, locked: true })));
    control.receive(CALL_TOPIC, bytes(inside({ version: 6, locked: false })));
    expect(control.snapshot.value).toMatchObject({ version: 7, locked: true });
  });

  it("is asked for anew after a reconnection, from a server that counts anew as well", async () => {
    await control.refresh();
    server.snapshot = inside({ version: 1, panic: true });
    await control.refresh();
    expect(control.snapshot.value).toMatchObject({ version: 1, panic: true });
  });

  it("is asked for again when the network was away", async () => {
    server.problem = new ApiError(0, "NETWORK", "");
    await control.refresh();
    expect(control.snapshot.value).toBeNull();
    server.problem = null;
    await vi.advanceTimersByTimeAsync(500);
    expect(control.snapshot.value?.version).toBe(5);
  });

  it("is not asked for where nobody leads, and never again after the end", async () => {
    const plain = new CallControl(token({}), server.ask);
    await plain.refresh();
    expect(server.asked).toEqual([]);
    expect(isControlled(token({}))).toBe(false);
    server.problem = new ApiError(0, "NETWORK", "");
    await control.refresh();
    control.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked).toHaveLength(1);
  });

  it("tells of a waiting person nothing; the history comes with the admission", async () => {
    server.snapshot = { version: 1, now: 1, you: { person: "family:1", power: "waiting" } };
    await control.refresh();
    expect(server.asked).toHaveLength(1);
    control.receive(CALL_TOPIC, bytes(inside({ version: 2 })));
    await vi.advanceTimersByTimeAsync(0);
    expect(control.messages.value).toHaveLength(1);
  });

  it("keeps the difference of the clocks", async () => {
    vi.setSystemTime(500_000);
    await control.refresh();
    expect(control.clockOffsetMs.value).toBe(500_000);
  });

  it("ignores what it cannot read and what is meant for others", async () => {
    control.receive(CALL_TOPIC, new TextEncoder().encode("{"));
    control.receive("lk.chat", bytes(inside({ version: 9 })));
    control.receive(undefined, bytes(inside({ version: 9 })));
    expect(control.snapshot.value).toBeNull();
  });
});

describe("commands", () => {
  it("are posted as they are", async () => {
    expect(await control.send({ type: "mute", identity: "family:2" })).toBe(true);
    const [path, init] = server.asked[0] ?? [];
    expect(path).toBe(`${PATH}/commands`);
    expect(JSON.parse(String(init?.body))).toEqual({ type: "mute", identity: "family:2" });
  });

  it("that are refused leave the server's code until the next one succeeds", async () => {
    server.problem = new ApiError(403, "FORBIDDEN", "");
    expect(await control.send({ type: "panic" })).toBe(false);
    expect(control.refused.value).toEqual({ command: "panic", code: "FORBIDDEN" });
    server.problem = null;
    await control.send({ type: "panic" });
    expect(control.refused.value).toBeNull();
  });

  it("use the newest token", async () => {
    let renew = (_token: string) => {};
    control.followTokens({
      engine: {
        on: (_event, heard) => {
          renew = heard;
        },
      },
    });
    renew("fresh");
    await control.send({ type: "calm" });
    expect(server.asked[0]?.[1]?.headers).toMatchObject({ authorization: "Bearer fresh" });
  });
});

describe("the conversation", () => {
  it("shows each message once and forgets deleted ones", async () => {
    await control.refresh();
    control.receive(CHAT_TOPIC, bytes({ message: message("new", 20) }));
    control.receive(CHAT_TOPIC, bytes({ message: message("new", 20) }));
    control.receive(CHAT_TOPIC, bytes({ deleted: "old" }));
    expect(control.messages.value.map((one) => one.id)).toEqual(["new"]);
  });

  it("shows reactions for a while", () => {
    control.receive(REACTION_TOPIC, bytes({ reactions: [{ person: null, emoji: "👏" }] }));
    expect(control.reactions.value.map((one) => one.emoji)).toEqual(["👏"]);
    vi.advanceTimersByTime(REACTION_MS);
    expect(control.reactions.value).toEqual([]);
  });
});
