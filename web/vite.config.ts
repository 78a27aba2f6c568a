import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Where `vite dev` finds a running Polyana server (`polyana --dev` listens there by default). */
const DEV_SERVER = process.env["POLYANA_SERVER"] ?? "http://127.0.0.1:7880";

/** Nothing is painted in the system's look before the script knows the reader's own choice; Vite drops the attribute. */
const paintAfterScript: Plugin = {
  name: "paint-after-script",
  transformIndexHtml: {
    order: "post",
    handler: (html) => html.replace('<script type="module"', '$& blocking="render"'),
  },
};

export default defineConfig({
  base: "/",
  plugins: [paintAfterScript],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../signalling/bundle",
    emptyOutDir: true,
    assetsDir: "assets",
    // The Content-Security-Policy allows no data: fonts or images from style sheets.
    assetsInlineLimit: 0,
    target: ["es2022", "chrome100", "firefox102", "safari15.4"],
    // The preload helper is a module script of our own origin: nothing inline is generated.
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    proxy: {
      "/api": { target: DEV_SERVER },
      "/hls": { target: DEV_SERVER },
      "/rtc": { target: DEV_SERVER, ws: true },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}"],
    testTimeout: 10_000,
    restoreMocks: true,
  },
});
