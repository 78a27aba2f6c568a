import { mergeConfig } from "vitest/config";
import base from "../vite.config.ts";

/** The gallery as a built page, as browsers get everything else: `vite build --config dev/vite.config.ts`. */
export default mergeConfig(base, {
  build: { outDir: "../.cache/gallery", rolldownOptions: { input: "dev/gallery.html" } },
});
