/**
 * How two devices agree on a key that the server, which carries every message, cannot know.
 *
 * The guest asks; the owner of the key commits itself to a public key before it sees the guest's (ECDH on P-256), and
 * opens the commitment afterwards, together with the call's key, sealed with what both have derived. So whoever sits in
 * between has one try in a million to make both sides show the same check code (as in ZRTP, RFC 6189, section 4.4.1.1).
 */

export type Message =
  /** The owner has no agreement with anybody (its page is new): ask. */
  | { readonly step: "hello" }
  | { readonly step: "ask" }
  | { readonly step: "commit"; readonly commitment: string }
  | { readonly step: "key"; readonly key: string }
  | { readonly step: "open"; readonly key: string; readonly nonce: string; readonly sealed: string }
  | { readonly step: "renew"; readonly sealed: string };

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
const KEY_BYTES = 32;
const NONCE_BYTES = 16;
const IV_BYTES = 12;
const { subtle } = crypto;
type Bytes = Uint8Array<ArrayBuffer>;

/** What one side is left with. */
export interface Agreed {
  readonly shared: CryptoKey;
  /** Six digits that both sides must see. */
  readonly code: string;
}

export function newKey(): Bytes {
  return crypto.getRandomValues(new Uint8Array(KEY_BYTES));
}

/** The side that has the call's key, towards one guest. */
export class Owner {
  readonly commitment: string;
  readonly #pair: CryptoKeyPair;
  readonly #key: Bytes;
  readonly #nonce: Bytes;

  private constructor(pair: CryptoKeyPair, key: Bytes, nonce: Bytes, commitment: string) {
    this.#pair = pair;
    this.#key = key;
    this.#nonce = nonce;
    this.commitment = commitment;
  }

  static async make(): Promise<Owner> {
    const pair = await subtle.generateKey(CURVE, false, ["deriveKey"]);
    const key = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    return new Owner(pair, key, nonce, toText(await digest(key, nonce)));
  }

  /** @throws DOMException for something that is no key of the guest. */
  async open(guestKey: string, callKey: Bytes): Promise<{ agreed: Agreed; message: Message }> {
    const theirs = fromText(guestKey);
    const agreed = await agree(this.#pair.privateKey, theirs, this.#key, theirs);
    const sealed = await seal(agreed, callKey);
    return {
      agreed,
      message: { step: "open", key: toText(this.#key), nonce: toText(this.#nonce), sealed },
    };
  }
}

/** The side that asks for the call's key. */
export class Guest {
  readonly key: string;
  readonly #pair: CryptoKeyPair;
  readonly #commitment: string;

  private constructor(pair: CryptoKeyPair, key: string, commitment: string) {
    this.#pair = pair;
    this.key = key;
    this.#commitment = commitment;
  }

  static async make(commitment: string): Promise<Guest> {
    const pair = await subtle.generateKey(CURVE, false, ["deriveKey"]);
    const key = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
    return new Guest(pair, toText(key), commitment);
  }

  /** @throws Error when the owner opens something else than it committed itself to. */
  async accept(message: Message & { step: "open" }): Promise<Agreed & { callKey: Bytes }> {
    const theirs = fromText(message.key);
    if (toText(await digest(theirs, fromText(message.nonce))) !== this.#commitment)
      throw new Error("another key than the one that was promised");
    const agreed = await agree(this.#pair.privateKey, theirs, theirs, fromText(this.key));
    return { ...agreed, callKey: await unseal(agreed, message.sealed) };
  }
}

async function agree(own: CryptoKey, theirs: Bytes, owner: Bytes, guest: Bytes): Promise<Agreed> {
  const key = await subtle.importKey("raw", theirs, CURVE, false, []);
  const shared = await subtle.deriveKey(
    { name: "ECDH", public: key },
    own,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
  const number = new DataView((await digest(owner, guest)).buffer).getUint32(0) % 1_000_000;
  const digits = String(number).padStart(6, "0");
  return { shared, code: `${digits.slice(0, 3)} ${digits.slice(3)}` };
}

export async function seal({ shared }: Agreed, callKey: Bytes): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv }, shared, callKey));
  return toText(joined(iv, sealed));
}

/** @throws DOMException when it was sealed by somebody else. */
export async function unseal({ shared }: Agreed, sealed: string): Promise<Bytes> {
  const bytes = fromText(sealed);
  const iv = bytes.slice(0, IV_BYTES);
  return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv }, shared, bytes.slice(IV_BYTES)));
}

async function digest(...parts: readonly Bytes[]): Promise<Bytes> {
  return new Uint8Array(await subtle.digest("SHA-256", joined(...parts)));
}

function joined(...parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function toText(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromText(text: string): Bytes {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
