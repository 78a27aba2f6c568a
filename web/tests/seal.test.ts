import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import type { Manifest, PublicKey, Seal } from "../src/api/schema.ts";
import {
  batches,
  changedPieces,
  type Progress,
  pieceCount,
  type Read,
  signatureFault,
  Unsupported,
} from "../src/features/seal/verify.ts";

/** Made by the server's own code: tests/signalling/library/seal_fixture.py. */
const FIXTURE: {
  seal: Seal;
  keys: readonly PublicKey[];
  files: Readonly<Record<string, string>>;
} = JSON.parse(readFileSync("tests/seal-fixture.json", "utf8"));
const CONTENT = "c".repeat(32);
const subtle = webcrypto.subtle as unknown as SubtleCrypto;

const files = () =>
  new Map(
    Object.entries(FIXTURE.files).map(([name, text]) => [name, Uint8Array.from(Buffer.from(text, "base64"))]),
  );

const reading =
  (known: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): Read =>
  async (file, offset, length) =>
    known.get(file)?.slice(offset, offset + length) ?? null;

/** A copy that may be changed. */
const copy = () => structuredClone(FIXTURE.seal) as { manifest: Seal["manifest"] } & Seal;

const without = (name: string) => {
  const { manifest } = copy();
  return { ...manifest, renditions: manifest.renditions.filter(({ file }) => file !== name) };
};

async function check(read: Read, manifest: Manifest = without("video-1.prtp")) {
  const told: Progress[] = [];
  const found = await changedPieces(
    manifest,
    read,
    subtle,
    (progress) => told.push(progress),
    new AbortController().signal,
  );
  return { ...found, told };
}

describe("the signature of a seal", () => {
  it("is good", async () =>
    expect(await signatureFault(FIXTURE.seal, CONTENT, FIXTURE.keys, subtle)).toBeNull());

  it("is good whatever the order of the manifest's keys", async () => {
    const { manifest, ...rest } = copy();
    const turned = Object.fromEntries(Object.entries(manifest).reverse()) as unknown as Seal["manifest"];
    expect(await signatureFault({ ...rest, manifest: turned }, CONTENT, FIXTURE.keys, subtle)).toBeNull();
  });

  it.each([
    ["another title", { metadata: { ...FIXTURE.seal.manifest.metadata, title: "Another" } }],
    ["another source", { source: { ...FIXTURE.seal.manifest.source, size: 5 } }],
    ["no renditions", { renditions: [] }],
  ])("does not fit %s", async (_, change) => {
    const forged = { ...FIXTURE.seal, manifest: { ...FIXTURE.seal.manifest, ...change } };
    expect(await signatureFault(forged, CONTENT, FIXTURE.keys, subtle)).toBe("wrong");
  });

  it.each(["", "no base64!", btoa("short"), btoa("x".repeat(64))])("%j is none", async (signature) =>
    expect(await signatureFault({ ...FIXTURE.seal, signature }, CONTENT, FIXTURE.keys, subtle)).toBe("wrong"),
  );

  it("of a key that says to be another one is wrong", async () => {
    const [key] = FIXTURE.keys;
    const other = { ...(key as PublicKey), public: "ab".repeat(32) };
    const fault = signatureFault(FIXTURE.seal, CONTENT, [other], subtle);
    // Some 32 bytes are no key at all: a browser may say so, or that the signature does not fit.
    await expect(fault.catch((error) => error)).resolves.toSatisfy(
      (found: unknown) => found === "wrong" || found instanceof Unsupported,
    );
  });

  it("of a key that the server does not have is told", async () =>
    expect(await signatureFault(FIXTURE.seal, CONTENT, [], subtle)).toBe("unknownKey"));

  it("of a key that was revoked is told", async () => {
    const keys = FIXTURE.keys.map((key) => ({ ...key, revoked: "2026-11-29T12:00:00Z" }));
    expect(await signatureFault(FIXTURE.seal, CONTENT, keys, subtle)).toBe("revokedKey");
  });

  it("of other content is told", async () =>
    expect(await signatureFault(FIXTURE.seal, "d".repeat(32), FIXTURE.keys, subtle)).toBe("otherContent"));

  it("cannot be checked without Ed25519, or without WebCrypto", async () => {
    const old = {
      ...subtle,
      importKey: vi.fn().mockRejectedValue(new DOMException("", "NotSupportedError")),
    };
    for (const known of [old as unknown as SubtleCrypto, undefined])
      await expect(signatureFault(FIXTURE.seal, CONTENT, FIXTURE.keys, known)).rejects.toBeInstanceOf(
        Unsupported,
      );
  });
});

describe("the pieces of a seal", () => {
  it("are all what was signed", async () => {
    const { changed, count, told } = await check(reading(files()));
    expect([changed, count]).toEqual([[], 0]);
    const last = told.at(-1);
    expect(last?.done).toBe(last?.all);
  });

  it("name the second in which a byte was flipped", async () => {
    const known = files();
    const video = known.get("video-0.prtp");
    const piece = FIXTURE.seal.manifest.renditions[0]?.chunks[1];
    if (!video || !piece) throw new Error("the fixture has another form");
    video[piece.offset + 100] = (video[piece.offset + 100] ?? 0) ^ 1;
    const { changed, count } = await check(reading(known));
    expect(count).toBe(1);
    expect(changed[0]).toMatchObject({ second: 1, gone: false, rendition: { file: "video-0.prtp" } });
  });

  it("are missed at the end of a file that was cut off", async () => {
    const known = files();
    const video = known.get("video-0.prtp");
    if (!video) throw new Error("the fixture has another form");
    known.set("video-0.prtp", video.slice(0, -1));
    expect((await check(reading(known))).changed.map(({ second }) => second)).toEqual([1]);
  });

  it("of a file that is gone are all missed", async () => {
    const { changed } = await check(reading(files()), copy().manifest);
    const gone = changed.filter(({ gone }) => gone);
    expect(new Set(gone.map(({ rendition }) => rendition.file))).toEqual(new Set(["video-1.prtp"]));
    expect(gone.length).toBe(changed.length);
  });

  it("are read together, but never more than is asked for at once", () => {
    const { manifest } = FIXTURE.seal;
    const pieces = (most: number) => batches(manifest, most).map(({ chunks }) => chunks.length);
    expect(pieces(1)).toEqual(Array(pieceCount(manifest)).fill(1));
    expect(pieces(1 << 30)).toEqual(manifest.renditions.map(({ chunks }) => chunks.length));
  });

  it("are no longer read once somebody stops", async () => {
    const abort = new AbortController();
    abort.abort();
    const read = vi.fn();
    const found = changedPieces(without("video-1.prtp"), read, subtle, () => {}, abort.signal);
    await expect(found).rejects.toThrow();
    expect(read).not.toHaveBeenCalled();
  });
});
