import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Bytes after gzip that a phone loads before the first screen; a 3G-like link brings 150 kB in 2 s. */
const FIRST_PAINT_BUDGET_BYTES = 60_000;

let folder = "";
let page = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "polyana-bundle-"));
  execFileSync(
    process.execPath,
    ["node_modules/vite/bin/vite.js", "build", "--outDir", folder, "--emptyOutDir"],
    {
      stdio: "pipe",
    },
  );
  page = readFileSync(join(folder, "index.html"), "utf8");
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function initialFiles(): string[] {
  return [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g)].map((match) => match[1] ?? "");
}

test("the first paint stays within its budget", () => {
  const files = initialFiles();
  expect(files.length).toBeGreaterThan(1);
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(folder, file))).length, 0);
  expect(bytes + gzipSync(page).length).toBeLessThan(FIRST_PAINT_BUDGET_BYTES);
});

test("livekit-client comes in a later chunk", () => {
  // A logger's name inside livekit-client, which minifying keeps. Its worker for encryption is a file of its own.
  const holds = (file: string) => readFileSync(join(folder, file), "utf8").includes("livekit-engine");
  const first = initialFiles();
  const all = readdirSync(join(folder, "assets")).filter((name) => /(?<!worker-[^.]+)\.js$/.test(name));
  expect(first.filter(holds)).toEqual([]);
  expect(all.filter((name) => holds(join("assets", name)))).toHaveLength(1);
});

test("what hosts need comes in a chunk that families never load", () => {
  const holds = (file: string) => readFileSync(join(folder, file), "utf8").includes("confirm-panic");
  const all = readdirSync(join(folder, "assets")).filter((name) => name.endsWith(".js"));
  const hosts = all.filter((name) => holds(join("assets", name)));
  expect(hosts).toHaveLength(1);
  const room = all.filter((name) =>
    readFileSync(join(folder, "assets", name), "utf8").includes("livekit-engine"),
  );
  expect(hosts).not.toEqual(room);
});

test("the page needs nothing inline and nobody else", () => {
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/);
  expect(page).not.toMatch(/<style|\sstyle=|\son[a-z]+=/);
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
});

test("the icons of the manifest are there, as large as it says", () => {
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.webmanifest"), "utf8"));
  const icons: { src: string; sizes: string; type: string; purpose: string }[] = manifest.icons;
  expect(icons.some(({ purpose }) => purpose === "maskable")).toBe(true);
  for (const { src, sizes, type } of icons) {
    const file = readFileSync(join(folder, src));
    // Width and height stand in the first chunk of a PNG.
    if (type === "image/png") expect(`${file.readUInt32BE(16)}x${file.readUInt32BE(20)}`).toBe(sizes);
    else expect(file.toString()).toMatch(/^<svg/);
  }
  expect(page).toContain('rel="apple-touch-icon"');
});

test("both looks reach browsers that do not know light-dark()", () => {
  const styles = initialFiles()
    .filter((file) => file.endsWith(".css"))
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("");
  expect(styles).not.toContain("light-dark(");
  expect(styles).toMatch(/@media ?\(prefers-color-scheme: ?dark\)/);
  expect(styles).toMatch(/\[data-theme="?dark"?\]/);
  // Nothing is painted in the system's look before the reader's own is known.
  expect(page).toMatch(/<script type="module"[^>]* blocking="render"/);
});
