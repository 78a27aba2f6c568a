import { describe, expect, it, vi } from "vitest";
import { Guest, type Message, newKey, Owner } from "../src/features/call/e2ee/agreement.ts";
import { Keeper } from "../src/features/call/e2ee/keeper.ts";

/** A server that carries messages, and may change them on the way. */
class Wires {
  readonly keepers = new Map<string, Keeper>();
  readonly keys = new Map<string, string>();
  change: (message: Message, from: string, to: string) => Message = (message) => message;

  add(name: string): Keeper {
    const keeper = new Keeper({
      me: name,
      send: (message, to) => this.keepers.get(to)?.receive(this.change(message, name, to), name),
      setKey: async (key) => void this.keys.set(name, key.join()),
    });
    this.keepers.set(name, keeper);
    return keeper;
  }
}

function codes(keeper: Keeper): readonly string[] {
  const { value } = keeper.secrecy;
  return value.kind === "on" ? value.codes.map((one) => one.code) : [];
}

describe("an agreement", () => {
  it("gives both sides the same code and the guest the key", async () => {
    const owner = await Owner.make();
    const guest = await Guest.make(owner.commitment);
    const key = newKey();
    const { agreed, message } = await owner.open(guest.key, key);
    if (message.step !== "open") throw new Error("opens");
    const found = await guest.accept(message);
    expect(found.code).toBe(agreed.code);
    expect(found.code).toMatch(/^\d{3} \d{3}$/);
    expect(found.callKey).toEqual(key);
  });

  it("does not accept another key than the one that was promised", async () => {
    const owner = await Owner.make();
    const other = await Owner.make();
    const guest = await Guest.make(owner.commitment);
    const { message } = await other.open(guest.key, newKey());
    if (message.step !== "open") throw new Error("opens");
    await expect(guest.accept(message)).rejects.toThrow("promised");
  });
});

describe("keepers", () => {
  it("agree, renew when somebody leaves, and begin anew with another owner", async () => {
    const wires = new Wires();
    const [host, helper, family] = ["host", "helper", "family"].map((name) => wires.add(name));
    const all = ["host", "helper", "family"];
    for (const keeper of wires.keepers.values()) keeper.follow("host", all);
    await vi.waitFor(() => expect(codes(host as Keeper)).toHaveLength(2));
    await vi.waitFor(() => expect(codes(family as Keeper)).toHaveLength(1));
    await vi.waitFor(() => expect(codes(helper as Keeper)).toHaveLength(1));
    expect(codes(host as Keeper)).toContain(codes(family as Keeper)[0]);
    const before = wires.keys.get("host");
    expect([wires.keys.get("helper"), wires.keys.get("family")]).toEqual([before, before]);

    for (const name of ["host", "helper"]) wires.keepers.get(name)?.follow("host", ["host", "helper"]);
    await vi.waitFor(() => expect(wires.keys.get("helper")).not.toBe(before));
    expect(wires.keys.get("helper")).toBe(wires.keys.get("host"));
    expect(wires.keys.get("family")).toBe(before);

    for (const name of ["helper", "family"]) wires.keepers.get(name)?.follow("helper", ["helper", "family"]);
    await vi.waitFor(() => expect(codes(family as Keeper)).toEqual(codes(helper as Keeper)));
    expect(wires.keys.get("family")).toBe(wires.keys.get("helper"));
    for (const keeper of wires.keepers.values()) keeper.close();
  });

  it("notice somebody in between", async () => {
    const wires = new Wires();
    const host = wires.add("host");
    const family = wires.add("family");
    const toFamily = await Owner.make();
    const toHost = await Guest.make("");
    let taken: string | undefined;
    wires.change = (message) => {
      if (message.step === "commit") return { ...message, commitment: toFamily.commitment };
      if (message.step !== "key") return message;
      taken = message.key;
      return { ...message, key: toHost.key };
    };
    for (const keeper of [host, family]) keeper.follow("host", ["host", "family"]);
    await vi.waitFor(() => expect(codes(host)).toHaveLength(1));
    const { agreed, message } = await toFamily.open(taken ?? "", newKey());
    wires.change = (one) => one;
    family.receive(message, "host");
    await vi.waitFor(() => expect(codes(family)).toHaveLength(1));
    expect(codes(family)).toEqual([agreed.code]);
    expect(codes(family)).not.toEqual(codes(host));
    for (const keeper of [host, family]) keeper.close();
  });
});
