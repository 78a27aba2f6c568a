import { signal } from "@preact/signals";
import type { Secrecy } from "../model.ts";
import { type Agreed, Guest, type Message, newKey, Owner, seal, unseal } from "./agreement.ts";

const ASK_AGAIN_MS = 2000;

/** What a keeper needs of the call. Identities are those of participants. */
export interface Party {
  readonly me: string;
  send(message: Message, to: string): void;
  setKey(key: Uint8Array<ArrayBuffer>): Promise<void>;
}

/**
 * Who leads has the key and gives it to each who asks; when somebody leaves, the key is another one. `follow` says who
 * owns it now and who is here.
 */
export class Keeper {
  readonly secrecy = signal<Secrecy>({ kind: "agreeing" });
  readonly #party: Party;
  #owner: string | null = null;
  #present: ReadonlySet<string> = new Set();
  #key = newKey();
  readonly #offers = new Map<string, Owner>();
  readonly #agreed = new Map<string, Agreed>();
  #guest: Guest | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Messages are dealt with one after another. */
  #work: Promise<void> = Promise.resolve();

  constructor(party: Party) {
    this.#party = party;
  }

  follow(owner: string | null, present: readonly string[]): void {
    const left = [...this.#present].filter((one) => !present.includes(one));
    this.#present = new Set(present);
    if (owner !== this.#owner) this.#do(() => this.#begin(owner));
    else if (owner === this.#party.me && left.some((one) => this.#agreed.has(one) || this.#offers.has(one)))
      this.#do(() => this.#renew(left));
  }

  receive(message: Message, from: string): void {
    this.#do(() => (this.#owner === this.#party.me ? this.#give(message, from) : this.#take(message, from)));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #do(job: () => Promise<void>): void {
    this.#work = this.#work
      .then(job)
      .catch((error: unknown) => console.warn("polyana: key agreement", error));
  }

  async #begin(owner: string | null): Promise<void> {
    this.#owner = owner;
    this.#offers.clear();
    this.#agreed.clear();
    this.#guest = null;
    clearInterval(this.#timer);
    this.#tell();
    if (owner === this.#party.me) {
      this.#key = newKey();
      await this.#party.setKey(this.#key);
      for (const one of this.#present) if (one !== owner) this.#party.send({ step: "hello" }, one);
    } else if (owner !== null) {
      const ask = () => this.#party.send({ step: "ask" }, owner);
      this.#timer = setInterval(ask, ASK_AGAIN_MS);
      ask();
    }
  }

  async #give(message: Message, from: string): Promise<void> {
    if (message.step === "ask") {
      const offer = await Owner.make();
      this.#agreed.delete(from);
      this.#offers.set(from, offer);
      this.#party.send({ step: "commit", commitment: offer.commitment }, from);
    }
    const offer = this.#offers.get(from);
    if (message.step === "key" && offer) {
      this.#offers.delete(from); // a commitment is good for one key
      const opened = await offer.open(message.key, this.#key);
      this.#agreed.set(from, opened.agreed);
      this.#party.send(opened.message, from);
    }
    this.#tell();
  }

  async #take(message: Message, from: string): Promise<void> {
    if (from !== this.#owner) return;
    const agreed = this.#agreed.get(from);
    if (message.step === "hello") {
      if (agreed) await this.#begin(from);
      return;
    }
    if (message.step === "commit" && !agreed) {
      this.#guest = await Guest.make(message.commitment);
      this.#party.send({ step: "key", key: this.#guest.key }, from);
    } else if (message.step === "open" && this.#guest) {
      const { callKey, ...found } = await this.#guest.accept(message);
      this.#guest = null;
      clearInterval(this.#timer);
      await this.#party.setKey(callKey);
      this.#agreed.set(from, found);
    } else if (message.step === "renew" && agreed) {
      await this.#party.setKey(await unseal(agreed, message.sealed));
    }
    this.#tell();
  }

  /** Who has left cannot follow any longer. */
  async #renew(left: readonly string[]): Promise<void> {
    for (const one of left) {
      this.#agreed.delete(one);
      this.#offers.delete(one);
    }
    this.#key = newKey();
    await this.#party.setKey(this.#key);
    for (const [to, agreed] of this.#agreed)
      this.#party.send({ step: "renew", sealed: await seal(agreed, this.#key) }, to);
    this.#tell();
  }

  #tell(): void {
    const codes = [...this.#agreed].map(([identity, { code }]) => ({ identity, code }));
    this.secrecy.value = codes.length ? { kind: "on", codes } : { kind: "agreeing" };
  }
}
