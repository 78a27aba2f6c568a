import canonicalize from "canonicalize";
import type { Manifest, PublicKey, Seal, SealedRendition } from "../../api/schema.ts";

/** Bytes that are asked for at once, unless one piece is larger. */
const READ_AT_ONCE = 4 << 20;
const MOST_TOLD = 100;

/** The browser has no Ed25519, or none at this address: WebCrypto is there only where a page came securely. */
export class Unsupported extends Error {}

export type SignatureFault = "wrong" | "unknownKey" | "revokedKey" | "otherContent";

/** A piece that is not what was signed; `second` of the film. `gone`: its file cannot be read at all. */
export interface Changed {
  readonly rendition: SealedRendition;
  readonly second: number;
  readonly gone: boolean;
}

export interface Progress {
  readonly done: number;
  readonly all: number;
}

/** Bytes from `offset` on of a file of the content; null: it is not there. */
export type Read = (file: string, offset: number, length: number) => Promise<Uint8Array<ArrayBuffer> | null>;

type Subtle = Pick<SubtleCrypto, "importKey" | "verify" | "digest">;

/**
 * Whether the canonical JSON (RFC 8785) of the manifest is signed by a key of this server that is not revoked.
 *
 * @throws Unsupported
 */
export async function signatureFault(
  seal: Seal,
  content: string,
  keys: readonly PublicKey[],
  subtle: Subtle | undefined,
): Promise<SignatureFault | null> {
  if (!subtle) throw new Unsupported("no WebCrypto");
  if (seal.manifest.content !== content) return "otherContent";
  const known = keys.find(({ id }) => id === seal.key);
  if (!known) return "unknownKey";
  if (known.revoked !== null) return "revokedKey";
  const text = canonicalize(seal.manifest);
  const signature = fromBase64(seal.signature);
  if (text === undefined || signature === null) return "wrong";
  let key: CryptoKey;
  try {
    key = await subtle.importKey("raw", fromHex(known.public), { name: "Ed25519" }, false, ["verify"]);
  } catch (cause) {
    throw new Unsupported(String(cause));
  }
  const isGood = await subtle.verify({ name: "Ed25519" }, key, signature, new TextEncoder().encode(text));
  return isGood ? null : "wrong";
}

/** Pieces of a file that are read together: they follow each other without gaps. */
interface Batch {
  readonly rendition: SealedRendition;
  readonly offset: number;
  readonly length: number;
  readonly chunks: SealedRendition["chunks"];
}

export function batches(manifest: Manifest, most = READ_AT_ONCE): Batch[] {
  const found: Batch[] = [];
  for (const rendition of manifest.renditions) {
    for (const chunk of rendition.chunks) {
      const last = found.at(-1);
      const follows = last?.rendition === rendition && last.offset + last.length === chunk.offset;
      if (last && follows && last.length + chunk.length <= most)
        found[found.length - 1] = {
          ...last,
          length: last.length + chunk.length,
          chunks: [...last.chunks, chunk],
        };
      else found.push({ rendition, offset: chunk.offset, length: chunk.length, chunks: [chunk] });
    }
  }
  return found;
}

/** Compares all pieces with their digests; those that differ, the first of them. */
export async function changedPieces(
  manifest: Manifest,
  read: Read,
  subtle: Subtle,
  tell: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<{ readonly changed: readonly Changed[]; readonly count: number }> {
  const all = batches(manifest);
  const size = all.reduce((sum, { length }) => sum + length, 0);
  const changed: Changed[] = [];
  let count = 0;
  let done = 0;
  for (const batch of all) {
    signal.throwIfAborted();
    const bytes = await read(batch.rendition.file, batch.offset, batch.length);
    for (const second of await differing(batch, bytes, subtle)) {
      count += 1;
      if (changed.length < MOST_TOLD)
        changed.push({ rendition: batch.rendition, second, gone: bytes === null });
    }
    done += batch.length;
    tell({ done, all: size });
  }
  return { changed, count };
}

async function differing(
  batch: Batch,
  bytes: Uint8Array<ArrayBuffer> | null,
  subtle: Subtle,
): Promise<number[]> {
  const found: number[] = [];
  for (const { offset, length, sha256, start } of batch.chunks) {
    const begin = offset - batch.offset;
    const piece = bytes?.subarray(begin, begin + length);
    // What is shorter than it should be has another digest, too; of a file that is gone there is none.
    if (!piece || toHex(await subtle.digest("SHA-256", piece)) !== sha256)
      found.push(start / batch.rendition.clock);
  }
  return found;
}

export function pieceCount(manifest: Manifest): number {
  return manifest.renditions.reduce((sum, { chunks }) => sum + chunks.length, 0);
}

function toHex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(digits.match(/../g) ?? [], (two) => Number.parseInt(two, 16));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null; // no base64, hence no signature
  }
}
